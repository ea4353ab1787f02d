/**
 * Signing keys on disk: `DIRECTORY/SLUG/NAME.sec` of mode 0600, and beside them `primary`, a file
 * that may name the one that signs. A file appears whole or not at all, and is never overwritten.
 */
import * as fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { parseSigningKey, type SigningKey } from '#formats/signing-key.js';
import { makeFile } from './new-file.js';

export interface KeyFile {
  /** The file's name without `.sec`. */
  readonly name: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** Differs whenever the file may have changed. */
  readonly version: string;
}

export interface KeyFolder {
  readonly files: readonly KeyFile[];
  /** What the file `primary` names. */
  readonly primary: string | null;
  /** Differs whenever anything in the folder may have changed. */
  readonly version: string;
}

export interface KeyPlace {
  readonly directory: string;
  readonly farmKeyFile: string;
}

/** The store whose keys sign for all stores of the farm that speak Nix and have none. */
export const farmSlug = 'nix';
/** The name of a key that was made because a store had none. */
export const firstKeyName = 'made-at-first-start';
const ending = '.sec';
const primaryName = 'primary';
const othersMayRead = 0o077;

/** What may name a file, and a key: no slash, no dot in front. */
export function isKeyName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$/.test(name);
}

/** The keys of a store; a folder that is not there has none. */
export function readKeyFolder(directory: string, slug: string): KeyFolder {
  const folder = join(directory, slug);
  const files = namesIn(folder)
    .filter((entry) => entry.endsWith(ending) && !entry.startsWith('.'))
    .sort()
    .flatMap((entry) => statKeyFile(join(folder, entry)) ?? []);
  const primary = statKeyFile(join(folder, primaryName));
  const version = [...files, ...(primary ? [primary] : [])].map((file) => file.version).join('\n');
  return { files, primary: primary ? primaryIn(primary.path) : null, version };
}

/**
 * The same with the file of the farm's first key, which lies by itself and is one of the keys of
 * the store `nix`.
 */
export function readStoreKeys(place: KeyPlace, slug: string): KeyFolder {
  const folder = readKeyFolder(place.directory, slug);
  const first = slug === farmSlug ? statKeyFile(place.farmKeyFile) : null;
  if (!first) return folder;
  return {
    ...folder,
    files: [...folder.files, { ...first, name: firstKeyName }],
    version: `${folder.version}\n${first.version}`,
  };
}

/** What lies at a path, if it is a file. */
function statKeyFile(path: string): KeyFile | null {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) return null;
  const version = `${path} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.mode}`;
  return { name: basename(path, ending), path, modifiedAt: stat.mtimeMs, version };
}

/** The slugs of all stores that have a folder. */
export function keySlugs(directory: string): string[] {
  return namesIn(directory)
    .filter((name) => fs.statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory())
    .sort();
}

/** Throws FarmFault `misconfigured` when others than its owner may read the file. */
export function refuseOpenFile(path: string): void {
  const { mode } = attempt(`cannot read ${path}`, () => fs.statSync(path));
  if ((mode & othersMayRead) !== 0) throw misconfigured(`others may read ${path}; chmod 600 it`);
}

/** Throws FarmFault `misconfigured` with line and reason when the file holds no key. */
export function readKeyFile(path: string): SigningKey {
  return parseKey(
    path,
    attempt(`cannot read ${path}`, () => fs.readFileSync(path, 'utf8')),
  );
}

/** The same of a text that came from `where`. */
export function parseKey(where: string, text: string): SigningKey {
  const parsed = parseSigningKey(text);
  if (parsed.ok) return parsed.value;
  const { line, reason } = parsed.error;
  throw misconfigured(`${where}, line ${line}: ${reason}`);
}

export interface NewKeyFile {
  readonly slug: string;
  readonly name: string;
  readonly text: string;
}

/**
 * Writes a new key file and gives its path; null when there is one of that name already. Its owner
 * is that of the directory, since the substituter that reads it may not be who makes it.
 */
export function writeKeyFile(directory: string, key: NewKeyFile): string | null {
  const folder = join(directory, key.slug);
  return attempt(`cannot write below ${folder}`, () => {
    makeFolder(directory, folder);
    return writeNewFile(join(folder, `${key.name}${ending}`), key.text);
  });
}

/** The same with a path; the folder is made when it is missing. */
export function writeNewFile(path: string, text: string): string | null {
  const folder = dirname(path);
  return attempt(`cannot write ${path}`, () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return makeFile(path, text, (staged) => giveTo(staged, folder)) ? path : null;
  });
}

/** Names the key that signs alone for Guix, and first for Nix. */
export function writePrimary(directory: string, slug: string, name: string): void {
  const folder = join(directory, slug);
  const staged = join(folder, `.${primaryName}.${randomBytes(6).toString('hex')}`);
  attempt(`cannot write ${join(folder, primaryName)}`, () => {
    fs.writeFileSync(staged, `${name}\n`, { mode: 0o600 });
    giveTo(staged, folder);
    fs.renameSync(staged, join(folder, primaryName));
  });
}

function makeFolder(directory: string, folder: string): void {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (fs.existsSync(folder)) return;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveTo(folder, directory);
}

function giveTo(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(directory);
  fs.chownSync(path, uid, gid);
}

function primaryIn(path: string): string | null {
  const named = fs.readFileSync(path, 'utf8').trim();
  return named === '' ? null : named.replace(/\.sec$/, '');
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw misconfigured(`cannot look into ${folder}: ${sentenceOf(error)}`);
  }
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new FarmFault('misconfigured', `${what}: ${sentenceOf(cause)}`, 'never', { cause });
  }
}

function misconfigured(sentence: string): FarmFault {
  return new FarmFault('misconfigured', sentence, 'never');
}
