/** `gambeson store add|list|set`: the stores that the substituter publishes. */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  changeStore,
  createStore,
  listStores,
  type StoreAnswer,
  type StoreChange,
} from '#client/generated/stores.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { addableEncodings, type AddableEncoding } from '#domain/substitute/encodings.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';

interface ChangeOptions extends FarmOptions {
  readonly host?: string;
  readonly mode?: 'mirror' | 'rely';
  readonly priority?: number;
  readonly ttl?: number;
  readonly private?: boolean;
  readonly trust: readonly string[];
  readonly trustFile: readonly string[];
  readonly trustNobody?: boolean;
  readonly encodings?: readonly AddableEncoding[] | null;
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
      print(await createStore((await openFarmApi(options)).client, { body }), options);
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
      const input = { path: { slug }, body: await changesOf(options), ifMatch: '*' };
      print(await changeStore((await openFarmApi(options)).client, input), options);
    });
}

export function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('the stores that are published, and where')
    .action(async (options: FarmOptions) => {
      const list = await listStores((await openFarmApi(options)).client);
      const head = ['SLUG', 'DIRECTORY', 'KIND', 'ADDRESS', 'READ BY', 'MODE', 'DAYS', 'TRUSTS'];
      tell(options, list, () => plainTable(head, list.items.map(rowOf)));
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

async function changesOf(options: ChangeOptions): Promise<StoreChange> {
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
  tell(options, store, () => `${store.slug} at ${store.address}\n`);
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
