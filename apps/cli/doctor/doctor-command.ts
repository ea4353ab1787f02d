/**
 * `gambeson doctor substitute`: why does a client not get this path? The exit status is 0 when it
 * would, 1 when a link of the chain is broken; otherwise it could not be found out.
 */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { UseAnswer } from '#protocol/api/use.js';
import { parseBasename } from '#formats/store-path.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { exitCodes } from '../exit-codes.js';
import { usualFarm } from '../farm-options.js';
import type { Server } from './ask.js';
import { examine, type Diagnosis } from './examine.js';
import type { Link } from './links.js';
import { trustIn } from './trust.js';
import { workerCommand } from './worker/worker-command.js';

interface DoctorOptions {
  readonly url?: string;
  readonly key?: readonly string[];
  readonly farm: string;
  readonly tokenFile?: string;
  readonly json: boolean;
}

const examples = `
Examples:
  gambeson doctor substitute /nix/store/…-hello-2.12
      at the address, and with the keys, that the farm tells its clients
  gambeson doctor substitute /gnu/store/…-hello-2.12 --url https://ci.guix.gnu.org \\
      --key /etc/guix/ci.guix.gnu.org.pub
  gambeson doctor substitute /nix/store/…-hello-2.12 --url https://cache.example.org \\
      --key cache.example.org-1:Zm9v…= --json

Links, in order: address, name (DNS), connection, certificate, cache-info, narinfo, signature,
references (of the whole closure), nar (downloaded, each size and hash compared, unpacked).`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('find out what is wrong')
    .addCommand(substituteCommand())
    .addCommand(workerCommand());
}

function substituteCommand(): Command {
  return new Command('substitute')
    .description('walk the chain from an address to a store path, as its clients do')
    .argument('<path>', 'a store path, such as /nix/store/HASH-NAME')
    .option('--url <address>', 'of the substitute server; else where the farm has that store')
    .option('--key <key...>', 'what the client trusts: NAME:BASE64, or the file of a public key')
    .option(
      '--farm <url>',
      'the api of the farm that is asked for address and keys',
      process.env['GAMBESON_URL'] ?? usualFarm,
    )
    .option('--token-file <file>', 'for a store that is not open to everybody')
    .option('--json', 'one object at the end, for programs', false)
    .addHelpText('after', examples)
    .action(async (path: string, options: DoctorOptions) => {
      const diagnosis = await diagnose(path, options);
      if (options.json) process.stdout.write(`${JSON.stringify(diagnosis, null, 2)}\n`);
      else process.stdout.write(`${verdict(diagnosis)}\n`);
      process.exitCode = diagnosis.whole ? exitCodes.well : exitCodes.unwell;
    });
}

async function diagnose(path: string, options: DoctorOptions): Promise<Diagnosis> {
  const { dir, basename } = splitPath(path);
  const given = options.key ? await trustIn(options.key) : null;
  const told = options.url === undefined ? await askFarm(options.farm, dir) : null;
  const trust = given ?? (told && told.keys.length > 0 ? await trustIn(told.keys) : null);
  const token = options.tokenFile && (await readFile(options.tokenFile, 'utf8')).trim();
  const address = (options.url ?? told?.address ?? '').replace(/\/+$/, '');
  const server: Server = { address, ...(token ? { token } : {}) };
  const tell = options.json ? undefined : (link: Link) => process.stdout.write(line(link));
  return examine({ dir, basename, server, trust }, tell);
}

function splitPath(path: string): { readonly dir: string; readonly basename: string } {
  const slash = path.lastIndexOf('/');
  const [dir, basename] = [path.slice(0, slash), path.slice(slash + 1)];
  if (dir.startsWith('/') && parseBasename(basename).ok) return { dir, basename };
  const message = `${path} is not a store path, such as /nix/store/HASH-NAME`;
  throw new FarmFault('misconfigured', message, 'never');
}

interface Told {
  readonly address: string;
  readonly keys: readonly string[];
}

/** Of the stores of that directory the one of what the farm builds, where there is one. */
async function askFarm(farm: string, dir: string): Promise<Told> {
  const address = `${farm.replace(/\/+$/, '')}/api/v1/use`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(15_000) }).catch(
    (error: unknown) => {
      const message = `${address} does not answer (${sentenceOf(error)}): give --url`;
      throw new FarmFault('substituter-unavailable', message, 'later');
    },
  );
  const parsed = UseAnswer.safeParse(await answer.json().catch(() => null));
  const stores = parsed.success ? parsed.data.stores.filter((store) => store.dir === dir) : [];
  const store = stores.find(({ kind }) => kind === 'farm') ?? stores[0];
  if (store) return { address: store.address, keys: store.keys.map(({ text }) => text) };
  throw new FarmFault('misconfigured', `${farm} tells of no store ${dir}: give --url`, 'never');
}

const marks: Readonly<Record<Link['state'], string>> = {
  holds: 'ok    ',
  broken: 'BROKEN',
  skipped: '–     ',
};

function line({ link, state, sentence, milliseconds }: Link): string {
  return `${marks[state]} ${link.padEnd(11)} ${sentence} (${milliseconds} ms)\n`;
}

function verdict({ whole, broken, path, address }: Diagnosis): string {
  return whole
    ? `A client gets ${path} from ${address}.`
    : `A client does not get ${path} from ${address}: the link "${broken}" is broken.`;
}
