/**
 * What the forms of a specification file come to: atoms, lists and records. A value knows where it
 * was written, so that a fault found late is told at its place.
 */
import type { Datum, Position, SchemeFault } from '#formats/scheme.js';

export type Atom = Exclude<Datum, { kind: 'list' | 'vector' }>;

export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly at: Position;
}

export interface RecordValue {
  readonly kind: 'record';
  readonly type: string;
  readonly fields: ReadonlyMap<string, Value>;
  readonly at: Position;
}

export type Value = Atom | ListValue | RecordValue;

/** Stands where something faulty stood, so that lists keep their length. */
export function faulty(at: Position): RecordValue {
  return { kind: 'record', type: 'fault', fields: new Map(), at };
}

export function isFaulty(value: Value): boolean {
  return value.kind === 'record' && value.type === 'fault';
}

/** The faults of one file; what is faulty has no value, and nobody complains of it twice. */
export class Faults {
  readonly all: SchemeFault[] = [];

  tell(at: Position, message: string): null {
    this.all.push({ at, message });
    return null;
  }

  /** In the order of the file. */
  sorted(): SchemeFault[] {
    return [...this.all].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  }
}

/** For faults: what a value is, in a few words. */
export function wordsFor(value: Value): string {
  switch (value.kind) {
    case 'string':
      return `the string ${JSON.stringify(value.value.slice(0, 60))}`;
    case 'symbol':
      return `the symbol ${value.name.slice(0, 60)}`;
    case 'number':
      return `the number ${value.text}`;
    case 'boolean':
      return value.value ? '#t' : '#f';
    case 'record':
      return `a record (${value.type} …)`;
    case 'list':
      return value.items.length === 0 ? 'the empty list' : 'a list';
    default:
      return `a ${value.kind}`;
  }
}

/** The name of a list that is nearest to a misspelt one; null: none is near. */
export function nearest(name: string, known: Iterable<string>): string | null {
  const near = [...known]
    .map((one) => ({ one, distance: distance(name, one) }))
    .filter((one) => one.distance <= 2 && one.distance < name.length / 2)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.one ?? null;
}

/** How many letters are to be added, taken away or changed. */
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return 3;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, against] of [...other].entries()) {
      const changed = (row[j] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 3;
}
