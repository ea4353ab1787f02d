/**
 * Reads a specification file as Cuirass's users write them: Scheme, taken as data and never
 * evaluated. Records and defaults are those of Cuirass's manual ("Specifications"); what only this
 * farm has stands in fields of its own (docs/specification-files.md).
 */
import {
  type Datum,
  headOf,
  type Position,
  readScheme,
  type SchemeFault,
} from '#formats/scheme.js';
import { supersededPolicies, trusts } from '../specification.js';
import { Evaluator } from './evaluate.js';
import { type FieldOf, FieldReader } from './field-readers.js';
import { defaultGuixChannel } from './known-channels.js';
import { readSelection } from './read-selection.js';
import { Faults, type Value, wordsFor } from './value.js';

export interface ReadSpecification {
  /** As the REST API takes it, not looked at by its schema yet. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Where what stands at a JSON pointer of it was written; the whole is at ''. */
  readonly places: ReadonlyMap<string, Position>;
  /** False: something in it was faulty, and told. */
  readonly whole: boolean;
}

export interface SpecificationText {
  readonly specifications: readonly ReadSpecification[];
  readonly faults: readonly SchemeFault[];
}

const mostSpecifications = 1000;
const mostItems = 64;

/** Every fault that can be found is told; with any of them the specifications are not complete. */
export function readSpecifications(text: string): SpecificationText {
  const { data, faults: unreadable } = readScheme(text);
  if (unreadable.length > 0) return { specifications: [], faults: unreadable };
  const faults = new Faults();
  const value = valueOfFile(data, faults);
  const specifications = value === null ? [] : documentsOf(value, faults);
  return { specifications, faults: faults.sorted() };
}

/** The last form is what the file says; what stands above it gives names to data. */
function valueOfFile(data: readonly Datum[], faults: Faults): Value | null {
  const evaluator = new Evaluator(faults);
  let said: Value | null | undefined;
  let last: string | null = null;
  for (const datum of data) {
    const head = headOf(datum);
    if (head !== null && /^(use|define)-(.*-)?modules?$/.test(head)) continue;
    if (head === 'define' || head === 'define-public') {
      last = define(evaluator, datum, faults);
    } else if (said === undefined) {
      said = evaluator.value(datum);
    } else {
      faults.tell(datum.at, 'a file says one list: join the two with (append …)');
    }
  }
  if (said !== undefined) return said;
  const at = data.at(-1)?.at ?? { line: 1, column: 1 };
  // A file that only gives its list a name, as the configuration of a Guix system does.
  if (last !== null) return evaluator.value({ kind: 'symbol', name: last, at });
  if (faults.all.length > 0) return null;
  return faults.tell(at, 'there is no list here: write (list (specification …))');
}

/** The name that it defines; null: none. */
function define(evaluator: Evaluator, datum: Datum, faults: Faults): string | null {
  const items = datum.kind === 'list' ? datum.items : [];
  const [, name, value, ...more] = items;
  if (name?.kind === 'symbol' && value !== undefined && more.length === 0) {
    evaluator.define(name.name, value);
    return name.name;
  }
  const advice = 'only data has a name here: write (define NAME (list …))';
  return faults.tell(datum.at, advice);
}

function documentsOf(value: Value, faults: Faults): ReadSpecification[] {
  if (value.kind !== 'list') {
    const advice = 'write (list (specification …))';
    faults.tell(value.at, `this is ${wordsFor(value)}, no list of specifications: ${advice}`);
    return [];
  }
  if (value.items.length > mostSpecifications) {
    faults.tell(value.at, `more than ${mostSpecifications} specifications: write several files`);
    return [];
  }
  const read = value.items.map((item) => readOne(item, faults));
  return read.filter((one) => one !== null);
}

function readOne(value: Value, faults: Faults): ReadSpecification | null {
  const reader = new FieldReader(faults);
  const before = faults.all.length;
  const record = reader.record(value, 'specification', '(specification (name "…") …), not quoted');
  if (record === null) return null;
  const fields = reader.fields(record, '', fieldsOf(reader)) as Record<string, unknown>;
  const { timeoutSeconds, maxSilentSeconds, ...rest } = fields;
  const file = typeof rest['selection'] === 'object' && 'file' in (rest['selection'] ?? {});
  if (!record.fields.has('channels') && (file || (rest['backend'] ?? 'guix') !== 'guix')) {
    const advice = 'write (channels (list (channel …)))';
    faults.tell(record.at, `no channel is followed unless one is named: ${advice}`);
  }
  const limits = {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(maxSilentSeconds === undefined ? {} : { maxSilentSeconds }),
  };
  const document = {
    ...{ backend: file ? 'nix' : 'guix', channels: [defaultGuixChannel] },
    ...{ selection: { set: 'all' }, systems: ['x86_64-linux'], priority: 9, period: 0 },
    ...rest,
    limits,
  };
  const whole = !reader.broken && faults.all.length === before;
  return { document, places: reader.places, whole };
}

const month = 30 * 24 * 3600;

function fieldsOf(reader: FieldReader): FieldOf[] {
  const listOf = (read: FieldOf['read'], example: string): FieldOf['read'] => {
    return reader.list(read, `a list, ${example}`, mostItems);
  };
  const channel: FieldOf['read'] = (value, pointer) => readChannel(reader, value, pointer);
  const output: FieldOf['read'] = (value, pointer) => readOutput(reader, value, pointer);
  const notice: FieldOf['read'] = (value, pointer) => readNotification(reader, value, pointer);
  const field = (name: string, key: string, read: FieldOf['read']): FieldOf => ({
    name,
    key,
    read,
  });
  return [
    { ...field('name', 'name', reader.word('a name, "guix"')), needed: '(name "…")' },
    field('backend', 'backend', reader.oneOf(['guix', 'nix', 'local'])),
    field('channels', 'channels', listOf(channel, '(list (channel …))')),
    field('build', 'selection', (value, pointer) => readSelection(reader, value, pointer)),
    field('systems', 'systems', listOf(reader.word('"x86_64-linux"'), `'("x86_64-linux")`)),
    field('priority', 'priority', reader.integer(0, 9)),
    field('period', 'period', reader.integer(0, 7 * 24 * 3600)),
    field('share', 'share', reader.integer(1, 1_000_000)),
    field('max-running', 'maxRunning', reader.integer(1, 1_000_000)),
    field('timeout', 'timeoutSeconds', reader.integer(1, month)),
    field('max-silent-time', 'maxSilentSeconds', reader.integer(1, month)),
    field('is-active?', 'active', reader.boolean()),
    field('superseded', 'superseded', reader.oneOf(supersededPolicies)),
    field('trust', 'trust', reader.oneOf(trusts)),
    field('keep', 'keep', reader.integer(1, 10_000)),
    field('build-outputs', 'buildOutputs', listOf(output, '(list (build-output …))')),
    field('notifications', 'notifications', listOf(notice, '(list (email …))')),
  ];
}

function readChannel(reader: FieldReader, value: Value, pointer: string): object | null {
  const record = reader.record(value, 'channel', '(channel (name \'guix) (url "…")), not quoted');
  if (record === null) return null;
  const fields = reader.fields(record, pointer, [
    { name: 'name', key: 'name', read: reader.word("a name, 'guix"), needed: "(name 'guix)" },
    { name: 'url', key: 'url', read: reader.text('the address "https://…"'), needed: '(url "…")' },
    { name: 'branch', key: 'branch', read: reader.text('the name of a branch, "master"') },
    {
      name: 'commit',
      key: 'commit',
      read: reader.unless(reader.text('the full hash of a commit, "9edb…"')),
    },
    {
      name: 'introduction',
      key: 'introduction',
      read: reader.unless((one, at) => readIntroduction(reader, one, at)),
    },
    { name: 'credential', key: 'credential', read: reader.word('the name of a credential') },
  ]);
  // Of Guix's record; the REST API has another.
  return { branch: 'master', ...fields };
}

function readIntroduction(reader: FieldReader, value: Value, pointer: string): object | null {
  const wanted = '(make-channel-introduction "COMMIT" (openpgp-fingerprint "…"))';
  const record = reader.record(value, 'channel-introduction', wanted);
  if (record === null) return null;
  const fingerprint = reader.text('(openpgp-fingerprint "BBB0 2DDF …")');
  return reader.fields(record, pointer, [
    { name: 'commit', key: 'commit', read: reader.text('the full hash of a commit') },
    {
      name: 'fingerprint',
      key: 'fingerprint',
      read: (one, at) => fingerprint(one, at)?.replaceAll(/\s/g, '').toUpperCase() ?? null,
    },
  ]);
}

function readOutput(reader: FieldReader, value: Value, pointer: string): object | null {
  const record = reader.record(value, 'build-output', '(build-output (job "…") (type "…"))');
  if (record === null) return null;
  const fields = reader.fields(record, pointer, [
    { name: 'job', key: 'job', read: reader.text('a regular expression'), needed: '(job "…")' },
    { name: 'type', key: 'type', read: reader.word('a word, "iso"'), needed: '(type "…")' },
    { name: 'output', key: 'output', read: reader.word('the name of an output, "out"') },
    { name: 'path', key: 'path', read: reader.text('a path within the output') },
  ]);
  return { output: 'out', path: '', ...fields };
}

function readNotification(reader: FieldReader, value: Value, pointer: string): object | null {
  if (value.kind !== 'record') return reader.refuse(value, '(email …), (mastodon) or (webhook …)');
  const text = (name: string, wanted: string, needed: string): FieldOf => {
    return { name, key: name, read: reader.text(wanted), needed };
  };
  switch (value.type) {
    case 'email':
      return {
        type: 'email',
        ...reader.fields(value, pointer, [
          text('from', 'an e-mail address', '(from "ci@example.org")'),
          text('to', 'an e-mail address', '(to "you@example.org")'),
          text('server', 'a mailer, "smtp://HOST:25"', '(server "smtp://…")'),
        ]),
      };
    case 'webhook':
      return {
        type: 'webhook',
        ...reader.fields(value, pointer, [
          text('url', 'the address "https://…"', '(url "https://…")'),
          { name: 'secret', key: 'secret', read: reader.word('the name of a credential') },
        ]),
      };
    case 'mastodon':
      reader.places.set(pointer, value.at);
      return { type: 'mastodon' };
    default:
      return reader.refuse(value, '(email …), (mastodon) or (webhook …)');
  }
}
