/**
 * What the `key` commands do. A secret goes into a file and nowhere else: what these functions give
 * back can be shown to anybody.
 */
import {
  farmSlug,
  keySlugs,
  parseKey,
  readKeyFile,
  readStoreKeys,
  writeKeyFile,
  writePrimary,
  type KeyPlace,
} from '#adapters/system/key-files.js';
import { chooseSigners } from '#domain/substitute/signers.js';
import { generateGuixKey } from '#formats/guix-signature.js';
import { generateNixKey } from '#formats/nix-signature.js';
import { formatSigningKey, formatSigningPublicKey, type SigningKey } from '#formats/signing-key.js';
import { sentenceOf } from '#std/farm-fault.js';
import { checkedName, checkedSlug, dialectOfStore, refused } from './key-place.js';

export interface KeyAddress extends KeyPlace {
  readonly slug: string;
}

export interface WrittenKey {
  readonly path: string;
  /** With its line end. */
  readonly publicKey: string;
}

export interface ListedKey {
  readonly store: string;
  readonly name: string;
  readonly dialect: string;
  readonly signs: boolean;
  readonly publicKey: string;
  /** What is wrong with the file, if anything is. */
  readonly fault: string | null;
}

export function generateKey(at: KeyAddress, name: string, dialect: string | undefined): WrittenKey {
  checkedSlug(at.slug);
  checkedName(name);
  const signing: SigningKey =
    dialectOfStore(at, dialect) === 'guix'
      ? { dialect: 'guix', key: generateGuixKey() }
      : { dialect: 'nix', key: generateNixKey(name) };
  return write(at, name, signing);
}

export interface ImportedText {
  /** Where the text came from, for sentences and for the name of a key that bears none. */
  readonly from: string;
  readonly text: string;
}

/** A key of Nix bears its name; one of Guix is named by its file, unless told otherwise. */
export function importKey(
  at: KeyAddress,
  { from, text }: ImportedText,
  told: { readonly name: string | undefined; readonly dialect: string | undefined },
): WrittenKey {
  checkedSlug(at.slug);
  const signing = parseKey(from, text);
  const dialect = dialectOfStore(at, told.dialect ?? dialectOrNone(at, signing));
  if (signing.dialect !== dialect) {
    throw refused(`${from} is a key of ${signing.dialect}; the store ${at.slug} speaks ${dialect}`);
  }
  const own = signing.dialect === 'nix' ? signing.key.name : undefined;
  if (own !== undefined && told.name !== undefined && told.name !== own) {
    throw refused(`${from} bears the name ${own}, which clients know it by; leave out --name`);
  }
  return write(at, checkedName(own ?? told.name ?? 'imported-1'), signing);
}

/** A store of the operator's own takes the first key whatever it is. */
function dialectOrNone(at: KeyAddress, signing: SigningKey): string | undefined {
  try {
    dialectOfStore(at, undefined);
    return undefined;
  } catch {
    return signing.dialect;
  }
}

function write(at: KeyAddress, name: string, signing: SigningKey): WrittenKey {
  const text = formatSigningKey(signing);
  const path = writeKeyFile(at.directory, { slug: at.slug, name, text });
  if (path === null)
    throw refused(`the store ${at.slug} already has a key ${name}; nothing is changed`);
  return { path, publicKey: formatSigningPublicKey(signing) };
}

/** The keys of one store or of all: those that sign first; those that cannot be read, too. */
export function listKeys(place: KeyPlace, slug?: string): ListedKey[] {
  const slugs = slug === undefined ? slugsIn(place) : [checkedSlug(slug)];
  return slugs.flatMap((store) => {
    const { files, primary } = readStoreKeys(place, store);
    const read = files.map((file) => ({ file, ...readOrFault(file.path) }));
    const dialect = read.find(({ signing }) => signing)?.signing?.dialect ?? 'nix';
    const signers = chooseSigners(files, primary, dialect);
    const order = ({ name }: { readonly name: string }): number =>
      signers.includes(name) ? signers.indexOf(name) : signers.length;
    read.sort((a, b) => order(a.file) - order(b.file));
    return read.map(({ file, signing, fault }) => ({
      store,
      name: file.name,
      dialect: signing?.dialect ?? '?',
      signs: signing !== null && signers.includes(file.name),
      publicKey: signing ? formatSigningPublicKey(signing).trimEnd() : '',
      fault,
    }));
  });
}

/** The farm's first key makes a folder of the store `nix`, whether there is one or not. */
function slugsIn(place: KeyPlace): string[] {
  return [...new Set([...keySlugs(place.directory), farmSlug])].sort();
}

function readOrFault(path: string): {
  readonly signing: SigningKey | null;
  readonly fault: string | null;
} {
  try {
    return { signing: readKeyFile(path), fault: null };
  } catch (error) {
    return { signing: null, fault: sentenceOf(error) };
  }
}

/** What clients of the store trust: of those that sign, or of the one named. */
export function publicKeys(at: KeyAddress, name?: string): string {
  const keys = listKeys(at, at.slug);
  const faulty = keys.find(({ fault }) => fault !== null);
  const chosen = keys.filter((key) => (name === undefined ? key.signs : key.name === name));
  if (chosen.length > 0) return `${chosen.map(({ publicKey }) => publicKey).join('\n')}\n`;
  if (faulty?.fault) throw refused(faulty.fault);
  const which = name === undefined ? 'no key' : `no key ${name}`;
  throw refused(`the store ${at.slug} has ${which} in ${at.directory}`);
}

/** Makes one key the one that signs: for Guix alone, for Nix first. */
export function useKey(at: KeyAddress, name: string): void {
  const { files } = readStoreKeys(at, checkedSlug(at.slug));
  const file = files.find((candidate) => candidate.name === name);
  if (!file) throw refused(`the store ${at.slug} has no key ${name} in ${at.directory}`);
  readKeyFile(file.path);
  writePrimary(at.directory, at.slug, name);
}
