/** `gambeson store export` and `store import`: closures that travel as files, without a network. */
import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { readKeyFile } from '#adapters/system/key-files.js';
import { dialectOf, type Dialect } from '#domain/substitute/store.js';
import type { GuixSecretKey } from '#formats/guix-signature.js';
import { FarmFault } from '#std/farm-fault.js';
import { askText, type Server } from '../doctor/ask.js';
import { trustIn, type Trust } from '../doctor/trust.js';
import { exportArchive, storeDirOf } from './export-archive.js';
import { importArchive } from './import-archive.js';

interface Reached {
  readonly store?: string;
  readonly tokenFile?: string;
  readonly key?: readonly string[];
}

interface ExportOptions extends Reached {
  readonly from?: string;
  readonly recursive: boolean;
  readonly signingKey?: string;
  readonly unsigned: boolean;
}

interface ImportOptions extends Reached {
  readonly to?: string;
  readonly store: string;
  readonly unverified: boolean;
}

const keyOfGuix = '/etc/guix/signing-key.sec';

const exportExamples = `
Examples:
  gambeson store export -r /nix/store/…-hello-2.12 | ssh host nix-store --import
  gambeson store export -r /gnu/store/…-hello-2.12 --signing-key farm.sec > hello.archive
  guix archive --import < hello.archive
  gambeson store export -r /nix/store/…-hello --from https://cache.example.org --key NAME:BASE64

What comes is believed when one of the keys signed it: those of --key, else those that the server
itself tells at /signing-key.pub. guix archive --import wants every item signed by a key that it
has authorised: --signing-key, else ${keyOfGuix}.`;

const importExamples = `
Examples:
  nix-store --export $(nix-store -qR ./result) | gambeson store import --store team \\
      --to https://substitutes.example.org --token-file token
  gambeson store import hello.archive --store team-guix --token-file token --key signing-key.pub

The paths are pushed with the token, as nix copy does, into the store that it is for. Those of Guix
have to be signed by a key of --key. A path that the store has already is not sent again.`;

export function exportCommand(): Command {
  return new Command('export')
    .description('write paths as an archive for nix-store --import or guix archive --import')
    .argument('<path...>', 'store paths of one directory')
    .option('-r, --recursive', 'with everything that they refer to', false)
    .option('--from <url>', 'a substitute server; else GAMBESON_SUBSTITUTER_URL')
    .option('--store <slug>', 'a store of the farm; else that of the directory')
    .option('--key <key...>', 'who has signed: NAME:BASE64, or the file of a public key')
    .option('--signing-key <file>', 'signs for Guix')
    .option('--unsigned', 'sign nothing, though guix archive --import refuses that', false)
    .option('--token-file <file>', 'for a store that is not open to everybody')
    .addHelpText('after', exportExamples)
    .action(runExport);
}

export function importCommand(): Command {
  return new Command('import')
    .description('push the paths of an archive of nix-store --export or guix archive --export')
    .argument('[file]', 'else standard input')
    .requiredOption('--store <slug>', 'where they go')
    .requiredOption('--token-file <file>', 'a token that may write there')
    .option('--to <url>', 'the substituter; else GAMBESON_SUBSTITUTER_URL')
    .option('--key <key...>', 'who may have signed an archive of Guix')
    .option('--unverified', 'take an archive of Guix whoever signed it', false)
    .addHelpText('after', importExamples)
    .action(runImport);
}

async function runExport(paths: readonly string[], options: ExportOptions): Promise<void> {
  const dir = storeDirOf(paths);
  const dialect = dialectOf({ dir });
  const server = await serverOf(options, dir);
  const archive = exportArchive({
    ...{ server, paths, recursive: options.recursive },
    trust: await trustOf(server, options.key),
    signingKey: dialect === 'guix' ? await signingKeyOf(options) : null,
    remark: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  await pipeline(Readable.from(archive, { objectMode: false }), process.stdout);
}

async function runImport(file: string | undefined, options: ImportOptions): Promise<void> {
  const source = file === undefined ? process.stdin : createReadStream(file);
  const base = (options.to ?? defaultAddress()).replace(/\/+$/, '');
  const trust = await trustIn(options.key ?? []);
  await importArchive(source as AsyncIterable<Uint8Array>, {
    address: `${base}/${options.store}`,
    token: (await readText(options.tokenFile!)).trim(),
    trusted: options.unverified ? null : trust.guix,
    tell: (path) => process.stdout.write(`${path}\n`),
  });
}

function defaultAddress(): string {
  return process.env['GAMBESON_SUBSTITUTER_URL'] ?? 'http://127.0.0.1:3000';
}

const slugOf: Readonly<Record<Dialect, string>> = { guix: 'guix', nix: 'nix' };

/** A server of one's own is named with its whole address; the farm's has each store below it. */
async function serverOf(options: ExportOptions, dir: string): Promise<Server> {
  const base = (options.from ?? defaultAddress()).replace(/\/+$/, '');
  const own = options.from === undefined ? ownSlug(dir) : undefined;
  const slug = options.store ?? own;
  const address = slug === undefined ? base : `${base}/${slug}`;
  if (options.tokenFile === undefined) return { address };
  return { address, token: (await readText(options.tokenFile)).trim() };
}

function ownSlug(dir: string): string {
  return dir === '/gambeson/store' ? 'local' : slugOf[dialectOf({ dir })];
}

async function trustOf(server: Server, keys: readonly string[] | undefined): Promise<Trust> {
  if (keys !== undefined) return trustIn(keys);
  const { status, text } = await askText(server, 'signing-key.pub');
  if (status === 200) return trustIn([text]);
  const message = `${server.address} tells no key at /signing-key.pub: give --key`;
  throw new FarmFault('misconfigured', message, 'never');
}

async function signingKeyOf(options: ExportOptions): Promise<GuixSecretKey | null> {
  if (options.unsigned) return null;
  const path = options.signingKey ?? keyOfGuix;
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) {
    const message = `${path} cannot be read: give --signing-key, or --unsigned`;
    throw new FarmFault('misconfigured', message, 'never');
  }
  const signing = readKeyFile(path);
  if (signing.dialect === 'guix') return signing.key;
  throw new FarmFault('misconfigured', `${path} is a key of Nix; Guix wants its own`, 'never');
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FarmFault('misconfigured', `cannot read ${path}`, 'never', { cause });
  });
}
