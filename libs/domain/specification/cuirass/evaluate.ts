/**
 * What the forms of a specification file come to, and nothing more than its data: lists, quoted
 * data, records, and names defined above. Nothing is called, so that a file can neither loop nor
 * reach anything.
 */
import { type Datum, headOf, type Position, type SchemeList } from '#formats/scheme.js';
import { knownVariables } from './known-channels.js';
import { recordForms } from './record-forms.js';
import {
  faulty,
  type Faults,
  isFaulty,
  nearest,
  type RecordValue,
  type Value,
  wordsFor,
} from './value.js';

/** Null: it was faulty, and the fault is told. */
type Outcome = Value | null;
/** The items of a list, without those that were faulty. */
type Items = readonly Value[] | null;

const mostItems = 200_000;
const shown = ['list', 'cons', 'cons*', 'append', 'quote', 'quasiquote'];

export class Evaluator {
  private readonly defined = new Map<string, Outcome>();
  private items = 0;

  constructor(private readonly faults: Faults) {}

  /** A name has one value, which what stands below it may use. */
  define(name: string, datum: Datum): void {
    if (this.defined.has(name)) {
      this.faults.tell(datum.at, `${name} is defined twice: give one of the two another name`);
    }
    this.defined.set(name, this.value(datum));
  }

  value(datum: Datum): Outcome {
    switch (datum.kind) {
      case 'symbol':
        return this.variable(datum.name, datum.at);
      case 'list':
        return this.form(datum);
      case 'vector':
        return this.faults.tell(datum.at, 'vectors have no place here: write (list …)');
      default:
        return datum;
    }
  }

  private variable(name: string, at: Position): Outcome {
    const mine = this.defined.get(name);
    if (mine !== undefined) return mine;
    const known = knownVariables.get(name);
    if (known) return known(at);
    const near = nearest(name, [...knownVariables.keys(), ...this.defined.keys()]);
    const advice = near === null ? `define it above, or write what it stands for` : `write ${near}`;
    return this.faults.tell(at, `${name} is not known here: ${advice}`);
  }

  private form(datum: SchemeList): Outcome {
    const { at } = datum;
    const head = headOf(datum);
    if (head === null) {
      const advice = datum.items.length === 0 ? "write '() for the empty list" : 'quote it';
      return this.faults.tell(at, `this list is no form: ${advice}, or write (list …)`);
    }
    const rest = datum.items.slice(1);
    switch (head) {
      case 'quote':
        return this.only(datum, (one) => this.literal(one));
      case 'quasiquote':
        return this.only(datum, (one) => this.quasi(one));
      // A configuration of a Guix system writes its specifications as a G-expression.
      case 'gexp':
      case 'ungexp':
        return this.only(datum, (one) => this.value(one));
      case 'list':
        return this.listed(
          rest.map((one) => this.value(one)),
          at,
        );
      case 'cons':
      case 'cons*':
        return this.cons(head, rest, at);
      case 'append':
        return this.append(rest, at);
      default:
        return this.recordOrNone(head, datum);
    }
  }

  private only(datum: SchemeList, then: (one: Datum) => Outcome): Outcome {
    const [head, one, ...more] = datum.items;
    if (one !== undefined && more.length === 0) return then(one);
    const name = head?.kind === 'symbol' ? head.name : '';
    return this.faults.tell(datum.at, `(${name} …) takes one datum: write just that one`);
  }

  private literal(datum: Datum): Outcome {
    if (datum.kind === 'vector') return this.value(datum);
    if (datum.kind !== 'list') return datum;
    if (datum.tail !== undefined) return this.dotted(datum.at);
    return this.listed(
      datum.items.map((one) => this.literal(one)),
      datum.at,
    );
  }

  private quasi(datum: Datum): Outcome {
    if (datum.kind !== 'list') return this.literal(datum);
    if (datum.tail !== undefined) return this.dotted(datum.at);
    const head = headOf(datum);
    if (head === 'unquote') return this.only(datum, (one) => this.value(one));
    if (head === 'quasiquote') {
      return this.faults.tell(datum.at, 'a quasiquote within another: write one of them');
    }
    if (head === 'unquote-splicing') {
      return this.faults.tell(datum.at, ',@ stands within a list: write , for a single datum');
    }
    const items = datum.items.map((one): Items => {
      if (headOf(one) === 'unquote-splicing' && one.kind === 'list') {
        const spliced = this.only(one, (inner) => this.value(inner));
        return spliced && this.itemsOf(spliced, ',@ takes a list');
      }
      const value = this.quasi(one);
      return value && [value];
    });
    return this.listed(items.flatMap(orFaulty), datum.at);
  }

  private dotted(at: Position): null {
    return this.faults.tell(at, 'pairs with a dot have no place here: write a list');
  }

  /** `(cons A LIST)`, `(cons* A B … LIST)`. */
  private cons(head: string, rest: readonly Datum[], at: Position): Outcome {
    const last = rest.at(-1);
    if (last === undefined || (head === 'cons' && rest.length !== 2)) {
      const advice =
        head === 'cons' ? 'an item and a list: write cons* for more' : 'a list at last';
      return this.faults.tell(at, `(${head} …) takes ${advice}`);
    }
    const items = rest.slice(0, -1).map((one) => this.value(one));
    const tail = this.value(last);
    const more = tail && this.itemsOf(tail, `the last of (${head} …) is a list`);
    return more && this.listed([...items, ...more], at);
  }

  private append(rest: readonly Datum[], at: Position): Outcome {
    const lists = rest.map((one) => {
      const value = this.value(one);
      return value && this.itemsOf(value, '(append …) takes lists');
    });
    return this.listed(lists.flatMap(orFaulty), at);
  }

  private itemsOf(value: Value, rule: string): Items {
    if (value.kind === 'list') return value.items;
    if (isFaulty(value)) return null;
    const advice = 'wrap it in (list …)';
    return this.faults.tell(value.at, `${rule}, and this is ${wordsFor(value)}: ${advice}`);
  }

  private listed(items: readonly Outcome[], at: Position): Outcome {
    const before = this.items;
    this.items += items.length;
    if (this.items > mostItems) {
      // Told once.
      if (before > mostItems) return null;
      return this.faults.tell(at, `the lists have more than ${mostItems} items: split the file`);
    }
    return { kind: 'list', items: items.map((one) => one ?? faulty(at)), at };
  }

  private recordOrNone(head: string, datum: SchemeList): Outcome {
    const { at } = datum;
    const form = recordForms.get(head);
    if (form === undefined) {
      const near = nearest(head, [...shown, ...recordForms.keys()]);
      const advice = near === null ? 'write what it makes' : `did you mean (${near} …)?`;
      const why = 'the file is only read, and nothing in it is called';
      return this.faults.tell(at, `(${head} …) has no place here, since ${why}: ${advice}`);
    }
    if (form.call === undefined) return this.record(head, form.fields, datum);
    const values = datum.items.slice(1).map((one) => this.value(one));
    if (values.length !== form.call.length) {
      const wanted = form.call.map((one) => one.toUpperCase()).join(' ');
      return this.faults.tell(at, `(${head} …) takes: (${head} ${wanted})`);
    }
    const [first] = values;
    // A fingerprint is its text.
    if (head === 'openpgp-fingerprint') return first ?? null;
    const fields = new Map<string, Value>();
    form.call.forEach((name, index) => {
      fields.set(name, values[index] ?? faulty(at));
    });
    return { kind: 'record', type: form.type, fields, at };
  }

  private record(type: string, known: readonly string[], datum: SchemeList): RecordValue {
    const fields = new Map<string, Value>();
    const written = new Set<string>();
    for (const item of datum.items.slice(1)) {
      const name = headOf(item);
      const one = item.kind === 'list' && item.items.length === 2 ? item.items[1] : undefined;
      if (name === null || one === undefined) {
        this.faults.tell(item.at, `a field of ${type} is written (NAME VALUE)`);
      } else if (name === 'inherit') {
        this.inherit(type, one, fields);
      } else if (!known.includes(name)) {
        const near = nearest(name, known);
        const advice = near === null ? `there are: ${known.join(' ')}` : `write ${near}`;
        this.faults.tell(item.at, `${type} has no field ${name}: ${advice}`);
      } else if (written.has(name)) {
        this.faults.tell(item.at, `${type} has the field ${name} twice: remove one of them`);
      } else {
        written.add(name);
        const value = this.value(one);
        fields.set(name, value ?? faulty(one.at));
      }
    }
    return { kind: 'record', type, fields, at: datum.at };
  }

  private inherit(type: string, datum: Datum, into: Map<string, Value>): void {
    const from = this.value(datum);
    if (!from || isFaulty(from)) return;
    if (from.kind !== 'record' || from.type !== type) {
      this.faults.tell(datum.at, `(inherit …) takes another ${type}: this is ${wordsFor(from)}`);
      return;
    }
    for (const [name, value] of from.fields) if (!into.has(name)) into.set(name, value);
  }
}

function orFaulty(items: Items): readonly Outcome[] {
  return items ?? [null];
}
