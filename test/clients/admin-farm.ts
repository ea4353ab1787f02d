/** Certificates made by `gambeson cert`, and what is asked with them through a real nginx. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Actor } from '#domain/access/actor.js';
import { forgeryField, ForgeryTokens } from '../../apps/api/access/forgery.js';
import { Authority } from '../../apps/cli/cert/authority.js';
import type { ApiFarm } from '../integration/api-farm.js';
import { publicUrl, run, type Backends } from './nginx-farm.js';
import type { Answer, Asked, TestNginx } from './nginx-support.js';

/** What a client shows of itself in TLS. */
export type Pair = Pick<Asked, 'cert' | 'key'>;

export interface Certificates {
  readonly directory: string;
  readonly authority: Authority;
  readonly ada: Pair & { readonly fingerprint: string };
  readonly vic: Pair & { readonly fingerprint: string };
  readonly eve: Pair;
  readonly revoked: Pair;
  readonly expired: Pair;
  /** Of another authority, with the subject of ada. */
  readonly foreign: Pair;
}

export async function makeCertificates(directory: string): Promise<Certificates> {
  const authority = new Authority({ directory: join(directory, 'ours') });
  const others = new Authority({ directory: join(directory, 'theirs') });
  await authority.create('Farm people', 30, 10);
  await others.create('Other people', 30, 10);
  const issue = async (from: Authority, name: string) => {
    const { files, fingerprint } = await from.issue({ name, organisation: 'Farm', days: 5 });
    const [cert, key] = await Promise.all(files.map((file) => readFile(file)));
    return { cert: cert!, key: key!, fingerprint };
  };
  const revoked = await issue(authority, 'ron');
  await authority.revoke('ron', 'keyCompromise', 10);
  return {
    ...{ directory, authority, revoked },
    ada: await issue(authority, 'ada'),
    vic: await issue(authority, 'vic'),
    eve: await issue(authority, 'eve'),
    foreign: await issue(others, 'ada'),
    expired: await expired(join(directory, 'ours')),
  };
}

/** One of ada's, good for a day of 2020. */
async function expired(directory: string): Promise<Pair> {
  const [key, request, made] = ['key', 'csr', 'crt'].map((end) => join(directory, `old.${end}`));
  const options = { cwd: directory };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', key!, '-out', request!, '-subj', '/CN=-'];
  await run('openssl', ['req', '-new', ...curve, ...files], options);
  const days = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  const words = ['ca', '-batch', '-config', 'openssl.cnf', '-extensions', 'client', ...days];
  await run(
    'openssl',
    [...words, '-subj', '/O=Farm/CN=ada', '-in', request!, '-out', made!],
    options,
  );
  return { cert: await readFile(made!), key: await readFile(key!) };
}

/** Puts the authority and its list of revoked ones where nginx reads them. */
export async function installAuthority(certificates: Certificates, tls: string): Promise<void> {
  await mkdir(tls, { recursive: true });
  const from = join(certificates.directory, 'ours');
  await cp(join(from, 'ca.crt'), join(tls, 'admins-ca.pem'));
  await cp(join(from, 'crl.pem'), join(tls, 'admins-crl.pem'));
}

/** An api that stands for all of the farm: nginx asks nothing else here. */
export function backendsOf(api: ApiFarm): Backends {
  const substituter = { address: 'http://127.0.0.1:9', data: '/nonexistent' };
  return { api, substituter } as unknown as Backends;
}

export async function addSpecification({ address, parts }: ApiFarm, name: string): Promise<void> {
  const response = await fetch(`${address}/api/v1/specifications`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${parts.adminToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ...{ name, backend: 'local', selection: { file: 'farm.json' } },
      channels: [{ name: 'main', url: 'https://example.org/main.git' }],
    }),
  });
  if (response.status !== 201) throw new Error(await response.text());
}

export async function isActive({ parts }: ApiFarm, name: string): Promise<boolean> {
  return (await parts.specifications.find(name))?.specification.active ?? false;
}

/** The token of a form that the farm would have drawn for this actor. */
export function formToken(
  api: ApiFarm,
  actor: Pick<Actor, 'via' | 'name' | 'fingerprint'>,
): string {
  const more = { role: 'viewer', specifications: [], token: null } as const;
  const token = new ForgeryTokens(api.parts.serviceToken).of({ ...more, ...actor }, Date.now());
  return `${forgeryField}=${token}`;
}

export interface Tried extends Asked {
  readonly path?: string;
}

/** A change of a specification: its row in the table that is printed. */
export async function tryChange(nginx: TestNginx, name: string, asked: Tried): Promise<Answer> {
  const { path = `/admin/specifications/deactivate/${name}`, headers, ...rest } = asked;
  const usual = { 'content-type': 'application/x-www-form-urlencoded', origin: publicUrl };
  return nginx.ask(path, { method: 'POST', headers: { ...usual, ...headers }, ...rest });
}

/** Kept as output of the test: what was asked and what was answered. */
export class Answers {
  private readonly lines: string[] = [];

  note(what: string, { status, headers, body }: Answer): number {
    const from = headers['content-security-policy'] ? 'farm ' : 'nginx';
    const text = String(body)
      .replaceAll(/<[^>]*>|\s+/g, ' ')
      .trim()
      .slice(0, 70);
    this.lines.push(`${status} ${from}  ${what.padEnd(58)} ${text}`);
    return status;
  }

  async keep(file: string): Promise<void> {
    await mkdir('.test-output', { recursive: true });
    await writeFile(join('.test-output', file), `${this.lines.join('\n')}\n`);
  }
}
