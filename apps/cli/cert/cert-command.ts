/** `gambeson cert`: an authority for the certificates of those who administer a farm. */
import { isAbsolute, join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';
import { Authority, mustRead, type AuthorityOptions, type Certificate } from './authority.js';

const examples = `
Examples:
  gambeson cert ca --name 'Farm administrators'
  gambeson cert issue ada --p12-password-file ada.password
  gambeson cert issue bob --csr bob.csr --days 90
  gambeson cert revoke ada --reason keyCompromise
  gambeson cert list
  gambeson cert crl                               the list of revoked ones, good for 30 more days

nginx reads ca.crt (ssl_client_certificate) and crl.pem (ssl_crl): reload it after a revocation, and
before the list runs out, since it then refuses everybody. docs/certificates.md tells the rest.`;

export function certCommand(): Command {
  return new Command('cert')
    .description('certificates for /admin: make, revoke and list them')
    .addHelpText('after', examples)
    .addCommand(caCommand())
    .addCommand(issueCommand())
    .addCommand(revokeCommand())
    .addCommand(listCommand())
    .addCommand(crlCommand());
}

interface CertOptions {
  readonly directory?: string;
  readonly caPasswordFile?: string;
  readonly json: boolean;
}

function ofAuthority(name: string): Command {
  return new Command(name)
    .option('--directory <path>', 'where the authority lies; else "ca" below GAMBESON_DATA')
    .option('--ca-password-file <file>', 'holds the password of its key')
    .option('--json', 'the answer as JSON', false);
}

const crlDays = ['--crl-days <days>', 'for how long the list of revoked ones is good'] as const;

function caCommand(): Command {
  return ofAuthority('ca')
    .description('make an authority: its key, its certificate, an empty list of revoked ones')
    .option('--name <name>', 'what its certificate says', 'Gambeson administrators')
    .option('--days <days>', 'for how long it is good', wholeDays, 3650)
    .option(...crlDays, wholeDays, 30)
    .action(async (options: CertOptions & { name: string; days: number; crlDays: number }) => {
      const authority = await authorityOf(options);
      await authority.create(options.name, options.days, options.crlDays);
      const directory = directoryOf(options);
      const [certificate, list] = [join(directory, 'ca.crt'), join(directory, 'crl.pem')];
      tell(options, { certificate, list }, () => `${certificate}\n${list}\n`);
    });
}

interface IssueOptions extends CertOptions {
  readonly organisation?: string;
  readonly days: number;
  readonly csr?: string;
  readonly p12PasswordFile?: string;
}

function issueCommand(): Command {
  return ofAuthority('issue')
    .description('a client certificate, for a key of its own or for a request')
    .argument('<name>', 'who it is for')
    .option('--organisation <name>', 'of whom')
    .option('--days <days>', 'for how long it is good', wholeDays, 365)
    .option(
      '--csr <file>',
      'a request of whoever has the key; the name is still the one given here',
    )
    .option('--p12-password-file <file>', 'make a .p12 file for browsers, with this password')
    .action(async (name: string, options: IssueOptions) => {
      const { organisation, days, csr, p12PasswordFile } = options;
      const [request, bundlePasswordFile] = [csr, p12PasswordFile].map((f) => f && resolve(f));
      for (const file of [request, bundlePasswordFile]) if (file) await mustRead(file);
      const wish = { name, organisation, days, request, bundlePasswordFile };
      const made = await (await authorityOf(options)).issue(wish);
      tell(options, made, () => issuedWords(made));
    });
}

const reasons = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded'] as const;

function revokeCommand(): Command {
  return ofAuthority('revoke')
    .description('take back every certificate of a name, or the one of a serial number')
    .argument('<name-or-serial>', 'whose certificates, or which one')
    .addOption(
      new Option('--reason <reason>', 'what the list says of why')
        .choices(reasons)
        .default('unspecified'),
    )
    .option(...crlDays, wholeDays, 30)
    .action(async (which: string, options: CertOptions & { reason: string; crlDays: number }) => {
      const authority = await authorityOf(options);
      const revoked = await authority.revoke(which, options.reason, options.crlDays);
      const list = join(directoryOf(options), 'crl.pem');
      const lines = revoked.map(({ serial, subject }) => `revoked ${serial} ${subject}\n`);
      const done = `${list} is written: reload nginx\n`;
      tell(options, { revoked, list }, () => lines.join('') + done);
    });
}

function listCommand(): Command {
  return ofAuthority('list')
    .description(
      'every certificate that was issued, and until when the list of revoked ones is good',
    )
    .action(async (options: CertOptions) => {
      const authority = await authorityOf(options);
      const items = await authority.issued();
      const listEndsAt = await authority.listEndsAt();
      const head = ['SERIAL', 'SUBJECT', 'STATE', 'EXPIRES', 'REVOKED'];
      const rows = items.map(({ serial, subject, state, expiresAt, revokedAt }) => [
        ...[serial, subject, state, expiresAt.slice(0, 10), revokedAt?.slice(0, 16) ?? ''],
      ]);
      const until = listWords(listEndsAt, new Date());
      tell(options, { items, listEndsAt }, () => plainTable(head, rows) + until);
    });
}

/** Of the list of revoked ones, for people. */
export function listWords(endsAt: string, now: Date): string {
  const until = endsAt.slice(0, 16);
  const good = Date.parse(endsAt) > now.getTime();
  if (good) return `The list of revoked ones is good until ${until}.\n`;
  return `The list of revoked ones ran out at ${until}: nginx refuses all. gambeson cert crl\n`;
}

function crlCommand(): Command {
  return ofAuthority('crl')
    .description('write the list of revoked ones anew, before it runs out')
    .option(...crlDays, wholeDays, 30)
    .action(async (options: CertOptions & { crlDays: number }) => {
      const listEndsAt = await (await authorityOf(options)).list(options.crlDays);
      tell(options, { listEndsAt }, () => `good until ${listEndsAt.slice(0, 16)}: reload nginx\n`);
    });
}

async function authorityOf(options: CertOptions): Promise<Authority> {
  const { caPasswordFile } = options;
  if (caPasswordFile !== undefined) await mustRead(caPasswordFile);
  const passwordFile = caPasswordFile && resolve(caPasswordFile);
  const chosen: AuthorityOptions = { directory: directoryOf(options), passwordFile };
  return new Authority(chosen);
}

function directoryOf({ directory }: CertOptions): string {
  const chosen = directory ?? join(process.env['GAMBESON_DATA'] ?? '.gambeson', 'ca');
  return isAbsolute(chosen) ? chosen : resolve(chosen);
}

function issuedWords({ subject, serial, fingerprint, expiresAt, files }: Certificate): string {
  return [
    ...[`subject      ${subject}`, `serial       ${serial}`, `fingerprint  ${fingerprint}`],
    ...[`expires      ${expiresAt}`, ...files],
    'What it may do is said in GAMBESON_ADMINS_FILE:',
    `  {"people": [{"subject": ${JSON.stringify(subject)}, "role": "operator"}]}`,
    '',
  ].join('\n');
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('a number of days.');
  return Number(text);
}
