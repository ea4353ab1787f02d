/**
 * What a request asks for, read from its address and nothing else. Every store answers below its
 * slug; what is read of the nix store also lies at the root. What comes out of here was parsed:
 * base names, hash parts and file keys can go into queries and file names.
 */
import { narSuffix, parseFileKey, type FileKey } from '#domain/substitute/file-key.js';
import { parsePushedFile, type PushedFile } from '#domain/substitute/pushed-file.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import { isNix32 } from '#formats/base32.js';
import { parseHash, type Hash } from '#formats/hash.js';
import { hashPartLength, parseBasename } from '#formats/store-path.js';

export type Target =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'cache-info'; readonly slug: string }
  | { readonly kind: 'narinfo'; readonly slug: string; readonly hashPart: string }
  | { readonly kind: 'nar'; readonly slug: string; readonly file: FileKey }
  /** A nar as Guix names it. */
  | {
      readonly kind: 'path-nar';
      readonly slug: string;
      readonly path: string;
      readonly compression: Compression;
    }
  /** A nar as only clients outside the farm name it, such as `HASH.nar.xz`. */
  | { readonly kind: 'pushed-nar'; readonly slug: string; readonly file: PushedFile }
  | { readonly kind: 'listing'; readonly slug: string; readonly hashPart: string }
  | { readonly kind: 'public-key'; readonly slug: string }
  /** The flat output of a derivation that declared its name and hash. */
  | { readonly kind: 'file'; readonly slug: string; readonly name: string; readonly hash: Hash }
  | { readonly kind: 'robots' }
  | { readonly kind: 'log'; readonly slug: string; readonly derivation: string }
  /** The log of what made an output, as Guix asks for it. */
  | { readonly kind: 'output-log'; readonly slug: string; readonly path: string }
  | { readonly kind: 'upload'; readonly slug: string; readonly path: string }
  | { readonly kind: 'paths'; readonly slug: string }
  | { readonly kind: 'pack'; readonly slug: string; readonly hash: string }
  | { readonly kind: 'derivation'; readonly slug: string; readonly path: string }
  /** An upload whose name is not that of a store path. */
  | { readonly kind: 'bad-name'; readonly name: string }
  | { readonly kind: 'elsewhere' };

const elsewhere: Target = { kind: 'elsewhere' };
/** The store that also answers at the root, but on hosts that other stores have. */
export const rootSlug = 'nix';
export const narinfoEnd = '.narinfo';
const listingEnd = '.ls';
/** First parts of the addresses that the nix store has at the root. */
const rootParts = new Set(['nar', 'log', 'file', 'derivations', 'uploads', 'paths']);

/**
 * `url` is the request target as HTTP gives it: path and query; `root` is the slug of the store
 * that answers at the root there.
 */
export function readTarget(url: string, root: string = rootSlug): Target {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (path === '/') return { kind: 'welcome' };
  if (path === '/robots.txt') return { kind: 'robots' };
  const second = path.indexOf('/', 1);
  const first = path.slice(1, second < 0 ? path.length : second);
  const atRoot = second < 0 || rootParts.has(first);
  if (!atRoot && !isSlug(first)) return elsewhere;
  return atRoot ? below(root, path.slice(1), false) : below(first, path.slice(second + 1), true);
}

function below(slug: string, rest: string, named: boolean): Target {
  if (rest.endsWith(narinfoEnd)) return narinfo(slug, rest.slice(0, -narinfoEnd.length));
  if (rest === 'nix-cache-info') return { kind: 'cache-info', slug };
  if (rest === 'signing-key.pub') return { kind: 'public-key', slug };
  if (rest === 'paths') return named ? { kind: 'paths', slug } : elsewhere;
  if (rest.startsWith('nar/')) {
    const file = parseFileKey(rest.slice(4));
    if (file?.includes('.nar')) return { kind: 'nar', slug, file };
    const pushed = parsePushedFile(rest.slice(4));
    return pushed ? { kind: 'pushed-nar', slug, file: pushed } : pathNar(slug, rest.slice(4));
  }
  if (rest.endsWith(listingEnd)) {
    const hashPart = rest.slice(0, -listingEnd.length);
    return isHashPart(hashPart) ? { kind: 'listing', slug, hashPart } : elsewhere;
  }
  if (rest.startsWith('file/')) return namedFile(slug, rest.slice(5));
  if (rest.startsWith('log/')) {
    const derivation = derivationOf(rest.slice(4));
    return derivation === null ? outputLog(slug, rest.slice(4)) : { kind: 'log', slug, derivation };
  }
  if (rest.startsWith('uploads/') && named) {
    const name = decoded(rest.slice(8));
    return name !== null && parseBasename(name).ok
      ? { kind: 'upload', slug, path: name }
      : { kind: 'bad-name', name: name ?? rest.slice(8) };
  }
  return rest.startsWith('derivations/') ? derivations(slug, rest.slice(12), named) : elsewhere;
}

/** `NAME/sha256/HASH`, the hash in hexadecimal or in the base 32 of both worlds. */
function namedFile(slug: string, rest: string): Target {
  const [name = '', algorithm = '', digest = '', ...more] = rest.split('/').map(decoded);
  if (name === null || algorithm === null || digest === null) return elsewhere;
  const hash = parseHash(`${algorithm}:${digest}`);
  const isName = parseBasename(`${'0'.repeat(hashPartLength)}-${name}`).ok;
  return hash.ok && isName && more.length === 0
    ? { kind: 'file', slug, name, hash: hash.value }
    : elsewhere;
}

/** `COMPRESSION/HASH-NAME`, or the name alone for what is not compressed. */
function pathNar(slug: string, rest: string): Target {
  const slash = rest.indexOf('/');
  const compression = slash < 0 ? 'none' : rest.slice(0, slash);
  const path = decoded(rest.slice(slash + 1));
  if (!isCompression(compression) || path === null || !parseBasename(path).ok) return elsewhere;
  return { kind: 'path-nar', slug, path, compression };
}

function isCompression(text: string): text is Compression {
  return Object.hasOwn(narSuffix, text);
}

function derivations(slug: string, rest: string, named: boolean): Target {
  const hash = /^packs\/([0-9a-f]{64})$/.exec(rest)?.[1];
  if (hash !== undefined) return named ? { kind: 'pack', slug, hash } : elsewhere;
  const path = derivationOf(rest);
  return path === null ? elsewhere : { kind: 'derivation', slug, path };
}

function narinfo(slug: string, hashPart: string): Target {
  return isHashPart(hashPart) ? { kind: 'narinfo', slug, hashPart } : elsewhere;
}

function isHashPart(text: string): boolean {
  return text.length === hashPartLength && isNix32(text);
}

function outputLog(slug: string, rest: string): Target {
  const path = decoded(rest);
  return path !== null && parseBasename(path).ok ? { kind: 'output-log', slug, path } : elsewhere;
}

function derivationOf(text: string): string | null {
  const name = decoded(text);
  return name !== null && name.endsWith('.drv') && parseBasename(name).ok ? name : null;
}

/** Names may hold `?`, `+` and `=`, which clients escape. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isSlug(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(text);
}
