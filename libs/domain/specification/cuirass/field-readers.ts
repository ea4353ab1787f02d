/**
 * How a value becomes JSON: text, integers, lists, each with a fault that says what to write. What
 * was read at a JSON pointer keeps its place, for faults that a schema finds later.
 */
import type { Position } from '#formats/scheme.js';
import { type Faults, isFaulty, type RecordValue, type Value, wordsFor } from './value.js';

/** Null: it was faulty, and the fault is told. */
export type Read<T> = (value: Value, pointer: string) => T | null;

export class FieldReader {
  /** Where what stands at each pointer of the document was written. */
  readonly places = new Map<string, Position>();

  /** Something that was read here had been faulty before. */
  broken = false;

  constructor(readonly faults: Faults) {}

  /** Told once: what was faulty before has told it. */
  refuse(value: Value, wanted: string): null {
    if (isFaulty(value)) {
      this.broken = true;
      return null;
    }
    return this.faults.tell(value.at, `this is ${wordsFor(value)}: write ${wanted}`);
  }

  text(wanted: string): Read<string> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      return value.kind === 'string' ? value.value : this.refuse(value, wanted);
    };
  }

  /** A string or a symbol. */
  word(wanted: string): Read<string> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      if (value.kind === 'symbol') return value.name;
      return value.kind === 'string' ? value.value : this.refuse(value, wanted);
    };
  }

  integer(lowest: number, highest: number): Read<number> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      const good = value.kind === 'number' && Number.isInteger(value.value);
      if (good && value.value >= lowest && value.value <= highest) return value.value;
      return this.refuse(value, `a whole number from ${lowest} to ${highest}`);
    };
  }

  boolean(): Read<boolean> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      return value.kind === 'boolean' ? value.value : this.refuse(value, '#t or #f');
    };
  }

  oneOf<T extends string>(words: readonly T[]): Read<T> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      const written =
        value.kind === 'symbol' ? value.name : value.kind === 'string' ? value.value : null;
      const known = words.find((one) => one === written);
      return known ?? this.refuse(value, words.map((one) => `'${one}`).join(' or '));
    };
  }

  /** #f stands for what is not there. */
  unless<T>(read: Read<T>): Read<T | undefined> {
    return (value, pointer) => {
      return value.kind === 'boolean' && !value.value ? undefined : read(value, pointer);
    };
  }

  /** `wanted` is what to write instead of something that is no list. */
  list<T>(read: Read<T>, wanted: string, most: number): Read<T[]> {
    return (value, pointer) => {
      this.places.set(pointer, value.at);
      if (value.kind !== 'list') return this.refuse(value, wanted);
      if (value.items.length > most) {
        return this.faults.tell(value.at, `this list has more than ${most} items: write fewer`);
      }
      const items = value.items.map((item, index) => read(item, `${pointer}/${index}`));
      // What was faulty keeps its place, for the pointers of those behind it.
      return items.map((item) => item ?? (undefined as T));
    };
  }

  /** `wanted` is how such a record is written. */
  record(value: Value, type: string, wanted: string): RecordValue | null {
    if (value.kind === 'record' && value.type === type) return value;
    return this.refuse(value, wanted);
  }

  /**
   * The fields of a record as properties of an object, in the order given. Those not written are
   * left out, and told when they are needed.
   */
  fields(record: RecordValue, pointer: string, wanted: readonly FieldOf[]): object {
    this.places.set(pointer, record.at);
    const entries = wanted.map(({ name, key, read, needed }): [string, unknown] => {
      const value = record.fields.get(name);
      if (value !== undefined) return [key, read(value, `${pointer}/${key}`) ?? undefined];
      const example = needed ?? '';
      if (example !== '') {
        this.faults.tell(record.at, `this ${record.type} has no ${name}: write ${example}`);
      }
      return [key, undefined];
    });
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
}

export interface FieldOf {
  readonly name: string;
  readonly key: string;
  readonly read: Read<unknown>;
  /** How it is written, when there must be one. */
  readonly needed?: string;
}
