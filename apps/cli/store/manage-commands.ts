/** `gambeson store add|list|set`: the stores that the substituter publishes. */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { addableEncodings } from '#domain/substitute/encodings.js';
import { StoreAnswer, StoreList } from '#protocol/api/store.js';
import { FarmConnection, ofFarm, type FarmOptions } from '../farm-connection.js';
import { columns } from '../retention/units.js';

const address = '/api/v1/stores';

interface ChangeOptions extends FarmOptions {
  readonly host?: string;
  readonly mode?: 'mirror' | 'rely';
  readonly priority?: number;
  readonly ttl?: number;
  readonly private?: boolean;
  readonly trust: readonly string[];
  readonly trustFile: readonly string[];
  readonly trustNobody?: boolean;
  readonly encodings?: readonly string[] | null;
}

interface AddOptions extends ChangeOptions {
  readonly dir: string;
  readonly kind: 'pushed' | 'untrusted';
}

export function addCommand(): Command {
  return changing(new Command('add'))
    .description('add a store for pushes (or for what untrusted requests build)')
    .argument('<slug>', 'its name in addresses: letters, digits, dashes')
    .option('--dir <dir>', 'the directory of its paths', '/nix/store')
    .addOption(
      new Option('--kind <kind>', 'what it is for')
        .choices(['pushed', 'untrusted'])
        .default('pushed'),
    )
    .addHelpText('after', '\nExample: gambeson store add team --dir /nix/store')
    .action(async (slug: string, options: AddOptions) => {
      const { dir, kind } = options;
      const body = { slug, dir, kind, ...(await changesOf(options)) };
      const farm = new FarmConnection(options);
      const call = { method: 'POST', path: address, body, answer: StoreAnswer } as const;
      print(await farm.call(call), options);
    });
}

export function setCommand(): Command {
  const example = `
Examples:
  gambeson store set nix --host cache.example.org --ttl 180
  gambeson store set nix --trust team.example.org-1:MIIB…   take over what this key signed and
                                                            somebody pushed
  gambeson store set team --private`;
  return changing(new Command('set'))
    .description('change how a store is published')
    .argument('<slug>', 'as "list" tells it')
    .addHelpText('after', example)
    .action(async (slug: string, options: ChangeOptions) => {
      const path = `${address}/${encodeURIComponent(slug)}`;
      const body = await changesOf(options);
      const farm = new FarmConnection(options);
      print(await farm.call({ method: 'PATCH', path, body, answer: StoreAnswer }), options);
    });
}

export function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('the stores that are published, and where')
    .action(async (options: FarmOptions) => {
      const farm = new FarmConnection(options);
      const list = await farm.call({ method: 'GET', path: address, answer: StoreList });
      const head = ['SLUG', 'DIRECTORY', 'KIND', 'ADDRESS', 'READ BY', 'MODE', 'DAYS', 'TRUSTS'];
      const rows = list.items.map(rowOf);
      process.stdout.write(options.json ? json(list) : columns(head, rows));
    });
}

function changing(command: Command): Command {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return ofFarm(command)
    .option('--host <name>', 'the host at whose root it answers; "none" for none')
    .addOption(
      new Option('--mode <mode>', 'whether what upstreams have is kept here').choices([
        ...['mirror', 'rely'],
      ]),
    )
    .option('--priority <n>', 'the lower, the sooner clients ask here', wholeNumber)
    .option('--ttl <days>', 'how long an offered path stays at least', wholeNumber)
    .option('--private', 'read with a token alone')
    .option('--no-private', 'read by everybody')
    .option('--trust <key>', 'a public key (may be repeated); these replace the old', collect, [])
    .option('--trust-file <file>', 'a file with a public key (may be repeated)', collect, [])
    .option('--trust-nobody', 'forget the keys')
    .option('--encodings <list>', 'gzip,lzip to make of nars; "none", or "usual"', encodingList);
}

async function changesOf(options: ChangeOptions): Promise<Record<string, unknown>> {
  const { host, mode, priority, ttl, private: hidden, trustNobody, encodings } = options;
  const trustedKeys = [...options.trust, ...(await Promise.all(options.trustFile.map(keyIn)))];
  const changes = {
    ...{ mode, priority, private: hidden, encodings },
    host: host === 'none' ? null : host,
    ttlSeconds: ttl === undefined ? undefined : ttl * 86_400,
    trustedKeys: trustedKeys.length > 0 || trustNobody ? trustedKeys : undefined,
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function rowOf(store: StoreAnswer): string[] {
  const { slug, dir, kind, address: at, private: hidden, mode, ttlSeconds, trustedKeys } = store;
  const days = String(Math.round(ttlSeconds / 86_400));
  const trusted = trustedKeys.map((key) => key.split(':')[0]!.slice(0, 40)).join(' ');
  return [slug, dir, kind, at, hidden ? 'token' : 'everybody', mode, days, trusted];
}

function print(store: StoreAnswer, options: FarmOptions): void {
  process.stdout.write(options.json ? json(store) : `${store.slug} at ${store.address}\n`);
}

async function keyIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FarmFault('misconfigured', `the key cannot be read: ${sentenceOf(error)}`, 'never');
  });
  return text.trim();
}

/** Null: what the clients of its directory want. */
function encodingList(text: string): string[] | null {
  if (text === 'usual') return null;
  const words = text === 'none' ? [] : text.split(',');
  const known: readonly string[] = addableEncodings;
  if (words.every((word) => known.includes(word))) return words;
  throw new InvalidArgumentError(`It is a list of ${known.join(' and ')}, "none" or "usual".`);
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is no whole number.');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
