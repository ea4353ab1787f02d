/**
 * What a Guix channel says of itself in its file `.guix-channel`: the channels that it needs, and
 * where its keys lie. Read as data, before anybody has authenticated it; after `(guix channels)`.
 */
import { err, ok, type Result } from '#std/result.js';
import { headOf, readScheme, type Datum, type SchemeList } from '#formats/scheme.js';
import type { Channel, ChannelIntroduction } from '../specification/specification.js';

export interface ChannelMetadata {
  readonly dependencies: readonly Channel[];
  /** The branch with the keys that sign its commits. */
  readonly keyring: string;
}

export const metadataFile = '.guix-channel';
/** A channel without the file. */
export const noMetadata: ChannelMetadata = { dependencies: [], keyring: 'keyring' };

const limits = { length: 256 * 1024, depth: 50, data: 10_000 };
const dependenciesAtMost = 64;
const defaultBranch = 'master';

/** An error is a sentence with line and column. */
export function parseChannelMetadata(text: string): Result<ChannelMetadata, string> {
  const { data, faults } = readScheme(text, limits);
  const fault = faults[0];
  if (fault) return err(`${metadataFile}:${fault.at.line}:${fault.at.column}: ${fault.message}`);
  try {
    return ok(metadataOf(data[0]));
  } catch (thrown) {
    if (!(thrown instanceof Malformed)) throw thrown;
    return err(thrown.message);
  }
}

class Malformed extends Error {
  constructor(at: Datum | undefined, what: string) {
    const { line, column } = at?.at ?? { line: 1, column: 1 };
    super(`${metadataFile}:${line}:${column}: ${what}`);
  }
}

/** Only the first datum counts, as Guix reads it. */
function metadataOf(datum: Datum | undefined): ChannelMetadata {
  const fields = fieldsOf(datum, 'channel', 'write (channel (version 0) …)');
  requireVersion(datum, fields);
  const listed = fields.get('dependencies')?.items.slice(1) ?? [];
  if (listed.length > dependenciesAtMost) {
    throw new Malformed(datum, `at most ${dependenciesAtMost} dependencies are followed`);
  }
  const keyring = textOf(fields.get('keyring-reference')) ?? noMetadata.keyring;
  // Guix leaves out what has no name or no address.
  return { keyring, dependencies: listed.flatMap((one) => dependencyOf(one) ?? []) };
}

function requireVersion(datum: Datum | undefined, fields: Fields): void {
  const version = fields.get('version')?.items[1];
  if (version?.kind === 'number' && version.value === 0) return;
  throw new Malformed(version ?? datum, 'the version is not supported: write (version 0)');
}

function dependencyOf(datum: Datum): Channel | null {
  const fields = fieldsOf(datum, 'channel', 'write (channel (name …) (url …))');
  const name = textOf(fields.get('name'));
  const url = textOf(fields.get('url'));
  if (name === undefined || url === undefined) return null;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw new Malformed(datum, 'the name of a channel is letters, digits, dot, dash, underscore');
  }
  const commit = textOf(fields.get('commit'));
  const introduction = introductionOf(fields.get('introduction')?.items[1]);
  return {
    ...{ name, url, branch: textOf(fields.get('branch')) ?? defaultBranch },
    ...(commit === undefined ? {} : { commit }),
    ...(introduction ? { introduction } : {}),
  };
}

/** Guix takes any other form for none; told here, since what follows would be unauthenticated. */
function introductionOf(datum: Datum | undefined): ChannelIntroduction | null {
  if (datum === undefined || (datum.kind === 'boolean' && !datum.value)) return null;
  const form = '(channel-introduction (version 0) (commit "…") (signer "…"))';
  const fields = fieldsOf(datum, 'channel-introduction', `write ${form}`);
  requireVersion(datum, fields);
  const commit = textOf(fields.get('commit'));
  const signer = textOf(fields.get('signer'))?.replace(/\s/g, '').toUpperCase();
  if (commit === undefined || !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit)) {
    throw new Malformed(datum, 'the commit of an introduction is a full revision');
  }
  if (signer === undefined || !/^[0-9A-F]{40}$/.test(signer)) {
    throw new Malformed(datum, 'the signer of an introduction is a fingerprint of 40 digits');
  }
  return { commit, fingerprint: signer };
}

type Fields = ReadonlyMap<string, SchemeList>;

/** Of a name that comes twice the first counts. */
function fieldsOf(datum: Datum | undefined, head: string, advice: string): Fields {
  if (datum?.kind !== 'list' || headOf(datum) !== head) throw new Malformed(datum, advice);
  const fields = new Map<string, SchemeList>();
  for (const item of datum.items.slice(1)) {
    const name = headOf(item);
    if (item.kind === 'list' && name !== null && !fields.has(name)) fields.set(name, item);
  }
  return fields;
}

/** A string or a symbol; `#f` is none. */
function textOf(field: SchemeList | undefined): string | undefined {
  const value = field?.items[1];
  if (value === undefined || (value.kind === 'boolean' && !value.value)) return undefined;
  if (value.kind === 'string') return value.value;
  if (value.kind === 'symbol') return value.name;
  throw new Malformed(value, `the ${headOf(field!)} is a string`);
}
