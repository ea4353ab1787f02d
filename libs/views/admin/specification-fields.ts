/**
 * A specification as the fields of a form, and back. Every field of the document has one, so that
 * an edit by the form loses nothing: a document goes through both directions unchanged.
 */
import { guixSets, packFormats } from '#domain/specification/selection.js';
import type { Specification } from '#domain/specification/specification.js';
import type { ProblemFault } from '#protocol/api/problem.js';
import type { FieldFault } from './fields.js';

type Entry = [name: string, value: string];
type Rows = readonly Readonly<Record<string, unknown>>[];

const selectionKinds = [
  'file',
  'set',
  'packages',
  'channels',
  'manifests',
  'custom',
  'packs',
] as const;
type SelectionKind = (typeof selectionKinds)[number];

/** The fields of each row; a row where all but the usual ones are empty is none. */
const rowFields = {
  channels: [
    ...['name', 'url', 'branch', 'commit', 'introduction.commit', 'introduction.fingerprint'],
    'credential',
  ],
  buildOutputs: ['job', 'type', 'output', 'path'],
  notifications: ['type', 'from', 'to', 'server', 'url', 'secret'],
} as const;
export type RowKind = keyof typeof rowFields;

const numbers = ['priority', 'period', 'share', 'maxRunning', 'keep'] as const;
const limits = ['timeoutSeconds', 'maxSilentSeconds'] as const;

/** What the fields of a new specification hold. */
export const newSpecification: readonly Entry[] = [
  ...([
    ['backend', 'guix'],
    ['active', 'on'],
    ['systems', 'x86_64-linux'],
  ] as Entry[]),
  ...([
    ['selection', 'set'],
    ['selection.set', 'hello'],
    ['priority', '9'],
  ] as Entry[]),
  ...([
    ['period', '300'],
    ['share', '100'],
    ['superseded', 'keep'],
  ] as Entry[]),
];

export function fieldsOf(specification: Specification): Entry[] {
  const { name, backend, active, superseded, trust, systems } = specification;
  const entries: Entry[] = [
    ['name', name],
    ['backend', backend],
    ['systems', systems.join('\n')],
    ['superseded', superseded ?? 'keep'],
    ['trust', trust ?? ''],
    ['buildOutputs', specification.buildOutputs === undefined ? 'usual' : 'listed'],
  ];
  if (active) entries.push(['active', 'on']);
  for (const key of numbers) push(entries, key, specification[key]);
  for (const key of limits) push(entries, key, specification.limits[key]);
  for (const kind of Object.keys(rowFields) as RowKind[]) {
    (specification[kind] ?? []).forEach((row, index) => pushRow(entries, [kind, index], row));
  }
  pushSelection(entries, specification.selection);
  return entries;
}

function push(entries: Entry[], name: string, value: unknown): void {
  if (value !== undefined && value !== null) entries.push([name, String(value)]);
}

function pushRow(entries: Entry[], [kind, index]: readonly [RowKind, number], row: object): void {
  for (const field of rowFields[kind]) {
    const value = field.split('.').reduce<unknown>((at, key) => {
      return (at as Record<string, unknown> | undefined)?.[key];
    }, row);
    push(entries, `${kind}.${index}.${field}`, value);
  }
}

function pushSelection(entries: Entry[], selection: Specification['selection']): void {
  const kind = selectionKinds.find((one) => one in selection) ?? 'file';
  entries.push(['selection', kind]);
  if ('file' in selection) {
    for (const key of ['channel', 'file', 'attribute'] as const) {
      push(entries, `selection.${key}`, selection[key]);
    }
  } else if ('set' in selection) entries.push(['selection.set', selection.set]);
  else if ('packs' in selection) {
    entries.push(['selection.manifest', selection.packs.manifest]);
    for (const format of selection.packs.formats) entries.push(['selection.formats', format]);
  } else {
    const list = Object.values(selection)[0] as readonly string[];
    entries.push([`selection.${kind}`, list.join('\n')]);
  }
}

export interface ReadFields {
  /** To be checked by its schema. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Of each row of the document, which row of the form it was. */
  readonly rows: Readonly<Record<RowKind, readonly number[]>>;
}

/** `standing` says whether an empty list is one or none. */
export function readFields(values: URLSearchParams, standing: Specification | null): ReadFields {
  const read = {
    channels: readRows(values, 'channels'),
    buildOutputs: readRows(values, 'buildOutputs'),
    notifications: readRows(values, 'notifications'),
  };
  const { buildOutputs, notifications } = read;
  const offersListed = values.get('buildOutputs') === 'listed' || buildOutputs.rows.length > 0;
  const tells = standing?.notifications !== undefined || notifications.rows.length > 0;
  const document = {
    ...{ name: values.get('name') ?? '', backend: values.get('backend') ?? '' },
    channels: read.channels.rows,
    selection: readSelection(values),
    ...given('systems', linesOf(values, 'systems')),
    ...Object.fromEntries(numbers.flatMap((key) => numberOf(values, key))),
    limits: Object.fromEntries(limits.flatMap((key) => numberOf(values, key))),
    active: values.get('active') === 'on',
    superseded: values.get('superseded') ?? 'keep',
    ...given('trust', values.get('trust') || undefined),
    ...given('buildOutputs', offersListed ? buildOutputs.rows : undefined),
    ...given('notifications', tells ? notifications.rows : undefined),
  };
  const places = Object.entries(read).map(([kind, { at }]) => [kind, at] as const);
  return { document, rows: Object.fromEntries(places) as unknown as ReadFields['rows'] };
}

function given(key: string, value: unknown): object {
  return value === undefined ? {} : { [key]: value };
}

function numberOf(values: URLSearchParams, key: string): [string, number][] {
  const text = (values.get(key) ?? '').trim();
  return text === '' ? [] : [[key, Number(text)]];
}

function linesOf(values: URLSearchParams, key: string): string[] {
  return (values.get(key) ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Rows of the form beyond this are nobody's. */
const rowsAtMost = 65;

function readRows(values: URLSearchParams, kind: RowKind): { rows: Rows; at: number[] } {
  const rows: Record<string, unknown>[] = [];
  const at: number[] = [];
  for (let index = 0; index < rowsAtMost; index += 1) {
    if (values.get(`${kind}.${index}.remove`) === 'on') continue;
    const row = readRow(values, kind, index);
    if (row === null) continue;
    rows.push(row);
    at.push(index);
  }
  return { rows, at };
}

function readRow(
  values: URLSearchParams,
  kind: RowKind,
  index: number,
): Record<string, unknown> | null {
  const row: Record<string, unknown> = {};
  for (const field of rowFields[kind]) {
    const value = values.get(`${kind}.${index}.${field}`) ?? '';
    if (value === '') continue;
    const [outer = '', inner] = field.split('.');
    if (inner === undefined) row[outer] = value;
    else row[outer] = { ...(row[outer] as object | undefined), [inner]: value };
  }
  return Object.keys(row).length === 0 ? null : row;
}

function readSelection(values: URLSearchParams): object {
  const kind = values.get('selection') as SelectionKind;
  if (kind === 'file') {
    const keys = ['channel', 'file', 'attribute'];
    const told = keys.map((key): Entry => [key, values.get(`selection.${key}`) ?? '']);
    const some = told.filter(([key, value]) => value !== '' || key === 'file');
    return Object.fromEntries(some);
  }
  if (kind === 'set') return { set: values.get('selection.set') ?? guixSets[0] };
  if (kind === 'packs') {
    const formats = packFormats.filter((one) => values.getAll('selection.formats').includes(one));
    return { packs: { manifest: values.get('selection.manifest') ?? '', formats } };
  }
  return { [kind]: linesOf(values, `selection.${kind}`) };
}

/** Where in the form each fault of the document is. */
export function faultsInForm(faults: readonly ProblemFault[], { rows }: ReadFields): FieldFault[] {
  return faults.map(({ pointer = '', parameter, detail }) => {
    const [, ...parts] = pointer.split('/');
    const [first = '', second = '', ...rest] = parts;
    if (parts.length === 0) return { field: parameter ?? '', detail };
    if (first === 'limits' && second !== '') return { field: second, detail };
    if (first === 'selection') return { field: selectionField(second, rest), detail };
    if (!(first in rowFields)) return { field: first, detail };
    const at = rows[first as RowKind][Number(second)];
    const row = at === undefined ? first : `${first}.${at}`;
    return { field: rest.length > 0 ? [row, ...rest].join('.') : rowField(first, row), detail };
  });
}

/** A fault of a whole row stands at its first field. */
function rowField(kind: string, row: string): string {
  return row === kind ? kind : `${row}.${rowFields[kind as RowKind][0]}`;
}

function selectionField(key: string, rest: readonly string[]): string {
  if (key === '') return 'selection';
  return key === 'packs' && rest[0] ? `selection.${rest[0]}` : `selection.${key}`;
}
