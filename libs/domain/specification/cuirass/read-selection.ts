/** The field `build`: what is built, as Cuirass names it, and two ways that only this farm has. */
import { type Selection, guixSets, packFormats } from '../selection.js';
import type { FieldReader } from './field-readers.js';
import { type ListValue, nearest, type Value } from './value.js';

const mostNames = 10_000;
const kinds = ['channels', 'packages', 'manifests', 'custom', 'packs', 'file'];

/** Null: it was faulty, and the fault is told. */
export function readSelection(
  reader: FieldReader,
  value: Value,
  pointer: string,
): Selection | null {
  reader.places.set(pointer, value.at);
  if (value.kind === 'symbol' || value.kind === 'string') return readSet(reader, value);
  if (value.kind !== 'list') return reader.refuse(value, '\'all or \'(packages "hello")');
  const [head, ...items] = value.items;
  const list: ListValue = { ...value, items };
  if (head?.kind !== 'symbol') return reader.refuse(value, '\'all or \'(packages "hello")');
  const names = `${pointer}/${head.name}`;
  const read = (words: ReturnType<FieldReader['word']>): string[] | null => {
    if (items.length > 0) return reader.list(words, '', mostNames)(list, names);
    return reader.faults.tell(value.at, `(${head.name}) names nothing: write what to build`);
  };
  switch (head.name) {
    case 'packages':
      return kept('packages', read(reader.word('the name of a package, "hello"')));
    case 'channels':
      return kept('channels', read(reader.word('the name of a channel, guix')));
    case 'manifests':
      return kept('manifests', read(reader.text('the file of a manifest, "manifest.scm"')));
    case 'custom':
      return kept(
        'custom',
        read((one, at) => readModule(reader, one, at)),
      );
    case 'packs':
      return readPacks(reader, list, pointer);
    case 'file':
      return readFile(reader, list, pointer);
    default: {
      const near = nearest(head.name, kinds);
      const advice = near === null ? `write one of ${kinds.join(', ')}` : `write ${near}`;
      return reader.faults.tell(head.at, `${head.name} is nothing that can be built: ${advice}`);
    }
  }
}

function kept<K extends string>(key: K, names: string[] | null): Selection | null {
  return names && ({ [key]: names } as Record<K, string[]> as unknown as Selection);
}

function readSet(reader: FieldReader, value: Extract<Value, { at: unknown }>): Selection | null {
  const name = value.kind === 'symbol' ? value.name : value.kind === 'string' ? value.value : '';
  const set = guixSets.find((one) => one === name);
  if (set !== undefined) return { set };
  const near = nearest(name, guixSets);
  const advice = near === null ? `write one of ${guixSets.join(', ')}` : `write '${near}`;
  const list = kinds.includes(name) ? `write '(${name} …)` : advice;
  return reader.faults.tell(value.at, `${name} is nothing that can be built: ${list}`);
}

/** `(my-channel ci)` or `my-module`: the words of its name, joined by spaces. */
function readModule(reader: FieldReader, value: Value, pointer: string): string | null {
  const wanted = 'the name of a module, (my-channel ci)';
  reader.places.set(pointer, value.at);
  if (value.kind === 'symbol') return value.name;
  if (value.kind !== 'list' || value.items.length === 0) return reader.refuse(value, wanted);
  const words = value.items.map((item) => {
    if (item.kind === 'number') return item.text;
    return item.kind === 'symbol' ? item.name : reader.refuse(item, wanted);
  });
  return words.includes(null) ? null : words.join(' ');
}

/** `(packs "manifest.scm" docker squashfs)`. */
function readPacks(reader: FieldReader, list: ListValue, pointer: string): Selection | null {
  const [file, ...formats] = list.items;
  if (file === undefined || formats.length === 0) {
    const example = '\'(packs "manifest.scm" docker)';
    return reader.faults.tell(list.at, `packs take a manifest and formats: write ${example}`);
  }
  const manifest = reader.text('the file of a manifest, "manifest.scm"')(
    file,
    `${pointer}/packs/manifest`,
  );
  const read = reader.list(reader.oneOf(packFormats), '', packFormats.length + 1);
  const named = read({ ...list, items: formats }, `${pointer}/packs/formats`);
  return manifest !== null && named ? { packs: { manifest, formats: named } } : null;
}

/** `(file "release.nix" #:attribute "hydraJobs" #:channel nixpkgs)`. */
function readFile(reader: FieldReader, list: ListValue, pointer: string): Selection | null {
  const example = '\'(file "release.nix" #:attribute "hydraJobs" #:channel "nixpkgs")';
  const [named, ...options] = list.items;
  if (named === undefined) {
    return reader.faults.tell(list.at, `no file is named: write ${example}`);
  }
  const file = reader.text('the file of a channel')(named, `${pointer}/file`);
  const selection: Record<string, string | null> = {};
  for (let index = 0; index < options.length; index += 2) {
    const [key, value] = [options[index], options[index + 1]];
    const known = key?.kind === 'keyword' && ['attribute', 'channel'].includes(key.name);
    if (!known || value === undefined || key.name in selection) {
      const at = (key ?? list).at;
      return reader.faults.tell(at, `the options of a file are written so: ${example}`);
    }
    selection[key.name] = reader.word('a name')(value, `${pointer}/${key.name}`);
  }
  const { channel, attribute } = selection;
  if (file === null || channel === null || attribute === null) return null;
  return {
    file,
    ...(channel === undefined ? {} : { channel }),
    ...(attribute === undefined ? {} : { attribute }),
  };
}
