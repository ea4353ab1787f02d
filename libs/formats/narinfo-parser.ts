/**
 * Reads narinfos of either world, whatever the order of their lines; unknown keys are passed
 * over, as the clients do. What a client acts upon is strict: paths, hashes, sizes, and no key
 * twice.
 */
import { err, ok, type Result } from '#std/result.js';
import { formatHash, parseHash } from './hash.js';
import type { Narinfo, NarinfoEncoding } from './narinfo.js';
import { parseBasename, parseStorePath, storeDirectoryOf } from './store-path.js';

export interface NarinfoError {
  readonly kind: 'bad-line' | 'truncated' | 'duplicate' | 'missing' | 'bad-value';
  /** The key of the line, where one is known; the first characters of a bad line. */
  readonly key: string;
}

/** Keys that stand at most once, and how each value is read. */
const readers: Readonly<Record<string, (value: string) => unknown>> = {
  StorePath: fullPath,
  NarHash: sha256Text,
  NarSize: (value) => sizeOf(value) || undefined,
  References: references,
  Deriver: (value) => (value === 'unknown-deriver' ? null : basename(value)),
  System: word,
  CA: word,
  Signature: (value) => (/^\d+;[^;\s]+;[A-Za-z0-9+/=]+$/.test(value) ? value : undefined),
};
/** Keys of one encoding, of which URL begins the next group. */
const encodingReaders: Readonly<Record<string, (value: string) => unknown>> = {
  URL: word,
  Compression: (value) => (/^[a-z0-9-]+$/.test(value) ? value : undefined),
  FileHash: sha256Text,
  FileSize: sizeOf,
};
const required = ['StorePath', 'NarHash', 'NarSize', 'References'];
/** What Nix takes an encoding to be that does not say. */
const defaultCompression = 'bzip2';

type Fields = Map<string, unknown>;

interface Draft {
  readonly fields: Fields;
  readonly groups: Fields[];
  readonly signatures: string[];
}

/**
 * Sizes are whole bytes below 2^53; hashes come out as `sha256:<nix32>` whatever their spelling.
 */
export function parseNarinfo(text: string): Result<Narinfo, NarinfoError> {
  if (!text.endsWith('\n')) return refuse('truncated', '');
  const draft: Draft = { fields: new Map(), groups: [], signatures: [] };
  for (const line of text.slice(0, -1).split('\n')) {
    const error = readLine(line, draft);
    if (error) return err(error);
  }
  const missing = required.find((key) => !draft.fields.has(key));
  if (missing !== undefined) return refuse('missing', missing);
  if (draft.groups.length === 0) return refuse('missing', 'URL');
  return ok(narinfoOf(draft));
}

function readLine(line: string, draft: Draft): NarinfoError | undefined {
  const match = /^([A-Za-z][A-Za-z0-9-]*):(?: (.*))?$/.exec(line);
  if (!match) return { kind: 'bad-line', key: line.slice(0, 40) };
  const [, key = '', value = ''] = match;
  if (key === 'Sig') {
    if (!/^[^:\s]+:[A-Za-z0-9+/=]+$/.test(value)) return { kind: 'bad-value', key };
    draft.signatures.push(value);
    return undefined;
  }
  if (Object.hasOwn(readers, key)) return keep(draft.fields, { key, value, readers });
  if (!Object.hasOwn(encodingReaders, key)) return undefined;
  if (key === 'URL') draft.groups.push(new Map());
  const group = draft.groups.at(-1);
  return group
    ? keep(group, { key, value, readers: encodingReaders })
    : { kind: 'missing', key: 'URL' };
}

function keep(
  fields: Fields,
  line: { readonly key: string; readonly value: string; readonly readers: typeof readers },
): NarinfoError | undefined {
  const { key, value } = line;
  if (fields.has(key)) return { kind: 'duplicate', key };
  const read = line.readers[key]?.(value);
  if (read === undefined) return { kind: 'bad-value', key };
  fields.set(key, read);
  return undefined;
}

function narinfoOf({ fields, groups, signatures }: Draft): Narinfo {
  const text = (key: string): string => fields.get(key) as string;
  const optional = (name: string, key: string): object =>
    typeof fields.get(key) === 'string' ? { [name]: fields.get(key) } : {};
  return {
    storePath: text('StorePath'),
    encodings: groups.map(encodingOf),
    narHash: text('NarHash'),
    narSize: fields.get('NarSize') as number,
    references: fields.get('References') as string[],
    signatures,
    ...optional('deriver', 'Deriver'),
    ...optional('system', 'System'),
    ...optional('ca', 'CA'),
    ...optional('guixSignature', 'Signature'),
  };
}

function encodingOf(group: Fields): NarinfoEncoding {
  const fileHash = group.get('FileHash') as string | undefined;
  const fileSize = group.get('FileSize') as number | undefined;
  return {
    url: group.get('URL') as string,
    compression: (group.get('Compression') as string | undefined) ?? defaultCompression,
    ...(fileHash === undefined ? {} : { fileHash }),
    ...(fileSize === undefined ? {} : { fileSize }),
  };
}

function fullPath(value: string): string | undefined {
  const dir = storeDirectoryOf(value);
  return dir !== undefined && parseStorePath(dir, value).ok ? value : undefined;
}

function basename(value: string): string | undefined {
  return parseBasename(value).ok ? value : undefined;
}

function references(value: string): string[] | undefined {
  const names = value === '' ? [] : value.split(' ');
  const good = names.every((name) => parseBasename(name).ok);
  return good && new Set(names).size === names.length ? names : undefined;
}

function sha256Text(value: string): string | undefined {
  const hash = parseHash(value);
  return hash.ok && hash.value.algorithm === 'sha256' ? formatHash(hash.value) : undefined;
}

function sizeOf(value: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(value)) return undefined;
  const size = Number(value);
  return Number.isSafeInteger(size) ? size : undefined;
}

function word(value: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function refuse(kind: NarinfoError['kind'], key: string): Result<never, NarinfoError> {
  return err({ kind, key });
}
