/**
 * The language in which builds are looked for, on the search page and as `q` of the API: terms with
 * spaces between. A word is the beginning of a name; `KEY:VALUE` names one property; `-` before
 * either means "not". `*` in a name stands for anything, and a name with one is meant whole. Values
 * with commas are alternatives, as is the same key said again; everything else must hold together.
 * Quotes hold spaces together. Columns of errors count from 1.
 */
import { err, ok, type Result } from '#std/result.js';
import { buildStatuses, type BuildStatus } from '../build/status.js';

export interface Choice {
  /** Any of these; empty is no condition. */
  readonly any: readonly string[];
  readonly none: readonly string[];
}

export interface NamePattern {
  /** The beginning of a name, or with `*` all of it. */
  readonly pattern: string;
  readonly not: boolean;
}

export interface BuildQuery {
  readonly names: readonly NamePattern[];
  readonly specifications: Choice;
  readonly systems: Choice;
  readonly maintainers: Choice;
  readonly statuses: {
    readonly any: readonly BuildStatus[];
    readonly none: readonly BuildStatus[];
  };
  /** Milliseconds since the epoch: what ended, or was scheduled, since then. */
  readonly since: number | null;
}

export interface QueryError {
  readonly column: number;
  readonly message: string;
}

interface Term {
  readonly column: number;
  readonly not: boolean;
  /** Null for a word. */
  readonly key: string | null;
  readonly value: string;
  readonly valueColumn: number;
}

const termsAtMost = 20;
const keys = ['spec', 'system', 'status', 'maintainer', 'since', 'name'] as const;

/** Beside the statuses themselves. */
const statusWords: Readonly<Record<string, readonly BuildStatus[]>> = {
  success: ['succeeded'],
  waiting: ['scheduled'],
  running: ['submitted', 'started'],
  broken: ['failed', 'failed-dependency', 'failed-other'],
};

const units: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `now` in milliseconds since the epoch: what `since:2d` counts from. */
export function parseBuildQuery(text: string, now: number): Result<BuildQuery, QueryError> {
  const terms = termsOf(text);
  if (!terms.ok) return terms;
  const query = new Gathering(now);
  for (const term of terms.value) {
    const wrong = query.take(term);
    if (wrong) return err(wrong);
  }
  return ok(query.done());
}

const spaces = /\s*/y;
const term = /(-?)(?:([a-zA-Z]+):)?(?:"([^"]*)"|([^\s"]*))(?=\s|$)/y;

function termsOf(text: string): Result<Term[], QueryError> {
  const terms: Term[] = [];
  for (let at = afterSpaces(text, 0); at < text.length; at = afterSpaces(text, term.lastIndex)) {
    term.lastIndex = at;
    const found = term.exec(text);
    if (!found) return refused(at + 1, 'a quotation mark has no partner');
    if (terms.length === termsAtMost) return refused(at + 1, `more than ${termsAtMost} terms`);
    const [, minus, key, quoted, plain] = found;
    const keyed = key === undefined ? 0 : key.length + 1;
    terms.push({
      ...{ column: at + 1, valueColumn: at + 1 + minus!.length + keyed },
      ...{ not: minus === '-', key: key?.toLowerCase() ?? null, value: quoted ?? plain ?? '' },
    });
  }
  return ok(terms);
}

function afterSpaces(text: string, from: number): number {
  spaces.lastIndex = from;
  spaces.exec(text);
  return spaces.lastIndex;
}

function refused(column: number, message: string): Result<never, QueryError> {
  return err({ column, message });
}

class Gathering {
  private readonly names: NamePattern[] = [];
  private readonly specifications = new OpenChoice<string>();
  private readonly systems = new OpenChoice<string>();
  private readonly maintainers = new OpenChoice<string>();
  private readonly statuses = new OpenChoice<BuildStatus>();
  private since: number | null = null;

  constructor(private readonly now: number) {}

  /** What is wrong with the term, if anything is. */
  take(one: Term): QueryError | null {
    const { key, value, not, valueColumn: column } = one;
    if (value === '') return { column, message: `${key ?? 'a minus'} needs a value` };
    switch (key) {
      case null:
      case 'name':
        // Cuirass writes its wildcard so.
        this.names.push({ pattern: value.replaceAll('%', '*'), not });
        return null;
      case 'spec':
        return this.specifications.add(partsOf(value), not);
      case 'system':
        return this.systems.add(partsOf(value), not);
      case 'maintainer':
        return this.maintainers.add(partsOf(value), not);
      case 'status':
        return this.takeStatuses(one);
      case 'since':
        return this.takeSince(one);
      default:
        return { column: one.column, message: `${key} is none of ${keys.join(', ')}` };
    }
  }

  done(): BuildQuery {
    const { names, specifications, systems, maintainers, statuses, since } = this;
    return { names, specifications, systems, maintainers, statuses, since };
  }

  private takeStatuses({ value, not, valueColumn: column }: Term): QueryError | null {
    for (const word of partsOf(value)) {
      const meant = Object.hasOwn(buildStatuses, word) ? [word as BuildStatus] : ofWord(word);
      if (!meant) return { column, message: `${word} is no status of a build` };
      this.statuses.add(meant, not);
    }
    return null;
  }

  private takeSince({ value, not, valueColumn: column }: Term): QueryError | null {
    if (not) return { column, message: 'since cannot be negated' };
    const since = momentOf(value, this.now);
    if (since === null) {
      return { column, message: `${value} is neither a time like 2d nor a day like 2026-11-20` };
    }
    this.since = Math.max(since, this.since ?? since);
    return null;
  }
}

class OpenChoice<T> implements Choice {
  readonly any: (T & string)[] = [];
  readonly none: (T & string)[] = [];

  add(values: readonly (T & string)[], not: boolean): null {
    (not ? this.none : this.any).push(...values);
    return null;
  }
}

function ofWord(word: string): readonly BuildStatus[] | null {
  return Object.hasOwn(statusWords, word) ? statusWords[word]! : null;
}

function partsOf(value: string): string[] {
  return value.split(',').filter((part) => part !== '');
}

function momentOf(text: string, now: number): number | null {
  const [, number, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  if (number !== undefined) return now - Number(number) * units[unit!]!;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const day = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(day) ? null : day;
}
