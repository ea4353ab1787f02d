/**
 * An authority for the certificates of people who administer a farm: a directory with its key, its
 * certificate, the register of what it issued and the list of what it revoked. `openssl ca` does
 * the work.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { Refusal } from '../exit-codes.js';
import { openssl } from './openssl.js';
import { readRegister, type Issued } from './register.js';

const configuration = `# Read by gambeson cert; openssl ca may be used with it, too.
[ca]
default_ca = farm
[farm]
database = index.txt
unique_subject = no
rand_serial = yes
crlnumber = crlnumber
new_certs_dir = issued
certificate = ca.crt
private_key = private/ca.key
default_md = sha256
policy = anything
email_in_dn = no
copy_extensions = none
string_mask = utf8only
[anything]
organizationName = optional
commonName = supplied
[req]
distinguished_name = empty
string_mask = utf8only
[empty]
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[crl]
authorityKeyIdentifier = keyid
`;

/** How keys are made; browsers and nginx all take this curve. */
const newKey = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export interface AuthorityOptions {
  readonly directory: string;
  /** Of the key of the authority; absent: it lies there in the clear. */
  readonly passwordFile?: string | undefined;
}

export interface Wish {
  readonly name: string;
  readonly organisation?: string | undefined;
  readonly days: number;
  /** Made by whoever holds the key; absent: a key is made, too. */
  readonly request?: string | undefined;
  /** With which a PKCS#12 file is made of the key and the certificate. */
  readonly bundlePasswordFile?: string | undefined;
}

export interface Certificate {
  readonly subject: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly fingerprint256: string;
  readonly expiresAt: string;
  /** What was written, of which the key and the bundle are secrets. */
  readonly files: readonly string[];
}

export class Authority {
  constructor(private readonly options: AuthorityOptions) {}

  async create(name: string, days: number, crlDays: number): Promise<void> {
    const { directory } = this.options;
    if (existsSync(join(directory, 'ca.crt'))) {
      throw new Refusal('conflict', `there is an authority in ${directory} already`);
    }
    await mkdir(join(directory, 'private'), { recursive: true });
    await chmod(join(directory, 'private'), 0o700);
    await mkdir(join(directory, 'issued'), { recursive: true });
    await writeFile(join(directory, 'openssl.cnf'), configuration);
    await writeFile(join(directory, 'index.txt'), '');
    await writeFile(join(directory, 'crlnumber'), '01\n');
    const { passwordFile } = this.options;
    const secret = passwordFile ? ['-aes-256-cbc', '-pass', `file:${passwordFile}`] : [];
    await this.run('genpkey', ...newKey, ...secret, '-out', 'private/ca.key');
    await this.run(
      ...['req', '-x509', '-new', '-config', 'openssl.cnf', '-extensions', 'authority', '-utf8'],
      ...['-key', 'private/ca.key', ...this.password(), '-sha256', '-days', String(days)],
      ...['-subj', `/CN=${plain(name)}`, '-out', 'ca.crt'],
    );
    await this.list(crlDays);
  }

  async issue(wish: Wish): Promise<Certificate> {
    const name = plain(wish.name);
    const organisation = wish.organisation === undefined ? '' : `/O=${plain(wish.organisation)}`;
    return this.alone(async (scratch) => {
      const request = wish.request ?? join(scratch, 'request.pem');
      const key = join(scratch, 'key.pem');
      if (wish.request === undefined) {
        await this.run('genpkey', ...newKey, '-out', key);
        await this.run(
          'req',
          '-new',
          '-config',
          'openssl.cnf',
          '-key',
          key,
          '-subj',
          '/CN=-',
          '-out',
          request,
        );
      }
      const made = join(scratch, 'certificate.pem');
      await this.run(
        ...['ca', '-batch', '-config', 'openssl.cnf', ...this.password(), '-utf8', '-notext'],
        ...['-extensions', 'client', '-days', String(wish.days), '-in', request, '-out', made],
        // Who asks does not choose as whom it is known.
        ...['-subj', `${organisation}/CN=${name}`],
      );
      return this.handOut(wish, { made, key: wish.request === undefined ? key : null });
    });
  }

  /** Of a name all certificates that are good; how many that were. */
  async revoke(which: string, reason: string, crlDays: number): Promise<Issued[]> {
    const matching = (await this.issued()).filter(
      ({ serial, subject }) =>
        serial === which.toUpperCase().replaceAll(':', '') || commonName(subject) === which,
    );
    if (matching.length === 0)
      throw new Refusal('notFound', `no certificate of ${which} was issued`);
    const good = matching.filter(({ state }) => state !== 'revoked');
    await this.alone(async () => {
      for (const { serial } of good) {
        await this.run(
          ...['ca', '-config', 'openssl.cnf', ...this.password(), '-crl_reason', reason],
          ...['-revoke', `issued/${serial}.pem`],
        );
      }
    });
    await this.list(crlDays);
    return good;
  }

  /** Writes the list of what is revoked anew: a proxy refuses all when it has run out. */
  async list(days: number): Promise<string> {
    return this.alone(async (scratch) => {
      const made = join(scratch, 'crl.pem');
      await this.run(
        ...['ca', '-config', 'openssl.cnf', ...this.password(), '-gencrl', '-crlexts', 'crl'],
        ...['-crldays', String(days), '-out', made],
      );
      await chmod(made, 0o644);
      await rename(made, this.path('crl.pem'));
      return this.listEndsAt();
    });
  }

  /** ISO 8601. */
  async listEndsAt(): Promise<string> {
    const said = await this.run('crl', '-in', 'crl.pem', '-noout', '-nextupdate');
    return new Date(said.replace('nextUpdate=', '').trim()).toISOString();
  }

  async issued(now: Date = new Date()): Promise<Issued[]> {
    const text = await readFile(this.path('index.txt'), 'utf8').catch(() => {
      const { directory } = this.options;
      throw new Refusal('notFound', `there is no authority in ${directory}: gambeson cert ca`);
    });
    return readRegister(text, now);
  }

  private async handOut(wish: Wish, files: { made: string; key: string | null }) {
    const certificate = new X509Certificate(await readFile(files.made));
    const base = `${wish.name.replaceAll(' ', '-')}-${certificate.serialNumber.slice(0, 8)}`;
    const kept = [this.path(`issued/${base}.crt`)];
    if (files.key !== null && wish.bundlePasswordFile !== undefined) {
      const bundle = this.path(`private/${base}.p12`);
      await this.run(
        ...['pkcs12', '-export', '-inkey', files.key, '-in', files.made, '-certfile', 'ca.crt'],
        ...['-name', wish.name, '-passout', `file:${wish.bundlePasswordFile}`, '-out', bundle],
      );
      await chmod(bundle, 0o600);
      kept.push(bundle);
    }
    if (files.key !== null) {
      const key = this.path(`private/${base}.key`);
      await chmod(files.key, 0o600);
      await rename(files.key, key);
      kept.push(key);
    }
    await rename(files.made, kept[0]!);
    return {
      subject: certificate.subject.split('\n').reverse().join(','),
      serial: certificate.serialNumber,
      fingerprint: plainHex(certificate.fingerprint),
      fingerprint256: plainHex(certificate.fingerprint256),
      expiresAt: certificate.validToDate.toISOString(),
      files: kept,
    };
  }

  /** One at a time: openssl does not lock its register. */
  private async alone<T>(work: (scratch: string) => Promise<T>): Promise<T> {
    const scratch = this.path('private/under-way');
    await this.issued();
    await mkdir(scratch, { mode: 0o700 }).catch((cause: unknown) => {
      const what = `another command is at work, or was broken off: else remove ${scratch}`;
      throw new FarmFault('misconfigured', what, 'never', { cause });
    });
    try {
      return await work(scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  private run(...words: string[]): Promise<string> {
    return openssl(words, this.options.directory);
  }

  private password(): string[] {
    const { passwordFile } = this.options;
    return passwordFile === undefined ? [] : ['-passin', `file:${passwordFile}`];
  }

  private path(name: string): string {
    return join(this.options.directory, name);
  }
}

/** Of what has no meaning in a subject, a file name or the register. */
function plain(name: string): string {
  if (/^[\p{L}\p{N}](?:[\p{L}\p{N} ._@-]{0,62}[\p{L}\p{N}])?$/u.test(name)) return name;
  throw new Refusal('usage', `"${name}" is no name: letters, digits, spaces and ._@-`);
}

function commonName(subject: string): string {
  return /(?:^|,)CN=([^,]*)/.exec(subject)?.[1] ?? '';
}

function plainHex(text: string): string {
  return text.toLowerCase().replaceAll(':', '');
}

/** A secret is not shown to those who list processes: it goes by files alone. */
export async function mustRead(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new FarmFault('misconfigured', `${file} cannot be read`, 'never', { cause });
  });
  await handle.close();
}
