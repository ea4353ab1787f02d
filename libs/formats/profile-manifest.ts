/**
 * The file `manifest` of a Guix profile, versions 2 to 4: what is in it, and, where provenance was
 * saved, which channels it came from. Read as data, as `(guix profiles)` writes it.
 */
import { err, ok, type Result } from '#std/result.js';
import { headOf, readScheme, type Datum } from './scheme.js';

export interface ProfileManifest {
  /** In their order; what they propagate is left out, for Guix adds it again. */
  readonly entries: readonly ProfileEntry[];
}

export interface ProfileEntry {
  readonly name: string;
  readonly version: string;
  readonly output: string;
  readonly path: string;
  /** Options such as `with-latest` and their values. */
  readonly transformations: readonly { readonly option: string; readonly value: string }[];
  readonly provenance: readonly SavedChannel[];
}

/** A channel at the commit that a package came from. */
export interface SavedChannel {
  /** Empty where an old Guix left it out. */
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  readonly introduction?: { readonly commit: string; readonly fingerprint: string };
}

/** The error side is a sentence about what is wrong with the file. */
export function readProfileManifest(text: string): Result<ProfileManifest, string> {
  const { data, faults } = readScheme(text);
  const [datum] = data;
  const [fault] = faults;
  if (fault) return err(`line ${fault.at.line}, column ${fault.at.column}: ${fault.message}`);
  if (datum === undefined || headOf(datum) !== 'manifest') {
    return err('it is no manifest of a profile');
  }
  const version = valueOf(datum, 'version');
  const number = version?.kind === 'number' ? version.value : NaN;
  if (![2, 3, 4].includes(number)) return err('its version is none that is known here (2, 3 or 4)');
  const entries: ProfileEntry[] = [];
  for (const item of itemsOf(valueOf(datum, 'packages'))) {
    if (headOf(item) === 'repeated') continue;
    const entry = entryOf(item);
    if (entry === null) return err('one of its packages cannot be read');
    entries.push(entry);
  }
  return ok({ entries });
}

function entryOf(item: Datum): ProfileEntry | null {
  const [name, version, output, path, ...fields] = itemsOf(item);
  const texts = [name, version, output, path].map((part) => textOf(part));
  const [nameText, versionText, outputText, pathText] = texts;
  if (!nameText || versionText === null || !outputText || !pathText) return null;
  const properties = propertiesOf(fields.find((field) => headOf(field) === 'properties'));
  return {
    name: nameText,
    version: versionText ?? '',
    output: outputText,
    path: pathText,
    transformations: transformationsOf(properties.get('transformations')),
    provenance: (properties.get('provenance') ?? []).flatMap((saved) => channelOf(saved) ?? []),
  };
}

/** Version 3 writes `(properties . ALIST)`, version 4 `(properties ALIST)`. */
function propertiesOf(field: Datum | undefined): Map<string, readonly Datum[]> {
  const [, ...rest] = itemsOf(field);
  const [first] = rest;
  const nested = rest.length === 1 && first !== undefined && headOf(first) === null;
  const alist = nested ? itemsOf(first) : rest;
  return new Map(alist.map((pair) => [headOf(pair) ?? '', itemsOf(pair).slice(1)]));
}

/** `(transformations (OPTION . "VALUE") …)`. */
function transformationsOf(pairs: readonly Datum[] = []): ProfileEntry['transformations'] {
  return pairs.flatMap((pair) => {
    if (pair.kind !== 'list') return [];
    const [option] = pair.items;
    const value = textOf(pair.tail ?? pair.items[1]);
    return option?.kind === 'symbol' && value !== null ? [{ option: option.name, value }] : [];
  });
}

/** `(repository (version 0) (url …) …)`. */
function channelOf(saved: Datum): SavedChannel | null {
  if (headOf(saved) !== 'repository') return null;
  const [url, commit] = ['url', 'commit'].map((field) => textOf(valueOf(saved, field)));
  if (!url || !commit) return null;
  const introduction = valueOf(saved, 'introduction');
  const first = textOf(valueOf(introduction, 'commit'));
  const signer = textOf(valueOf(introduction, 'signer'))?.replaceAll(/\s/g, '').toUpperCase();
  return {
    name: textOf(valueOf(saved, 'name')) ?? '',
    url,
    branch: textOf(valueOf(saved, 'branch')) ?? 'master',
    commit,
    ...(first && signer ? { introduction: { commit: first, fingerprint: signer } } : {}),
  };
}

/** The datum behind a field's name, `(FIELD VALUE)`. */
function valueOf(form: Datum | undefined, field: string): Datum | undefined {
  const found = itemsOf(form).find((item) => headOf(item) === field);
  return itemsOf(found)[1];
}

function itemsOf(datum: Datum | undefined): readonly Datum[] {
  return datum?.kind === 'list' ? datum.items : [];
}

/** Of a string, and of the symbol that a channel's name is. */
function textOf(datum: Datum | undefined): string | null {
  if (datum?.kind === 'string') return datum.value;
  return datum?.kind === 'symbol' ? datum.name : null;
}
