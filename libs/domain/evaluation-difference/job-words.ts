/**
 * Words that jobs share, kept once: names of jobs by the ids that Postgres gave them, systems and
 * maintainers by ids of their own. Names have a rank, too: two of them compare as their ranks do,
 * which a hundred thousand comparisons of texts would not do in the time of a request.
 */
import { invariant } from '#std/invariant.js';

export class NameTable {
  /** By id. Without gaps: an array with holes is looked up in many times slower. */
  private readonly words: (string | null)[] = [];
  private readonly small: string[] = [];
  private ranks: Int32Array = new Int32Array(0);
  /** Ids in the order of their words, and those that came since they were put in order. */
  private ordered: Int32Array = new Int32Array(0);
  private unordered: number[] = [];

  /** The largest id that is known. */
  get last(): number {
    return Math.max(0, this.words.length - 1);
  }

  add(id: number, word: string): void {
    if (!this.has(id)) this.unordered.push(id);
    while (this.words.length <= id) {
      this.words.push(null);
      this.small.push('');
    }
    this.words[id] = word;
    this.small[id] = word.toLowerCase();
  }

  has(id: number): boolean {
    return id < this.words.length && this.words[id] !== null;
  }

  word(id: number): string {
    const word = this.words[id] ?? null;
    invariant(word !== null, `a job bears the name ${id}, which nobody told`);
    return word;
  }

  /** In small letters, for whoever looks through all of them. */
  inSmallLetters(id: number): string {
    return this.small[id] ?? '';
  }

  /** Ranks by id. New names change the ranks of others, but never the order of two of them. */
  order(): Int32Array {
    if (this.unordered.length === 0) return this.ranks;
    const newer = this.unordered.sort((a, b) => compare(this.word(a), this.word(b)));
    this.ordered = this.merged(this.ordered, newer);
    this.unordered = [];
    const ranks = new Int32Array(this.words.length);
    for (let at = 0; at < this.ordered.length; at += 1) ranks[this.ordered[at]!] = at;
    this.ranks = ranks;
    return ranks;
  }

  /** A few new names among a hundred thousand do not have all of them compared again. */
  private merged(older: Int32Array, newer: readonly number[]): Int32Array {
    const all = new Int32Array(older.length + newer.length);
    let from = 0;
    for (const [at, id] of newer.entries()) {
      const to = this.placeOf(this.word(id), older, from);
      all.set(older.subarray(from, to), from + at);
      all[to + at] = id;
      from = to;
    }
    all.set(older.subarray(from), from + newer.length);
    return all;
  }

  /** Before which of the ordered ids a word belongs, from `low` on. */
  private placeOf(word: string, ordered: Int32Array, low: number): number {
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.word(ordered[middle]!), word) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** As code points: any order would do, if it is always the same. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Few different words; the empty one is 0. */
export class WordTable {
  private readonly codes = new Map<string, number>([['', 0]]);
  private readonly words: string[] = [''];

  code(word: string | null): number {
    if (word === null) return 0;
    const known = this.codes.get(word);
    if (known !== undefined) return known;
    this.words.push(word);
    this.codes.set(word, this.words.length - 1);
    return this.words.length - 1;
  }

  word(code: number): string {
    return this.words[code] ?? '';
  }

  all(): readonly string[] {
    return this.words;
  }
}

/** The words that all sheets of a farm share. */
export interface JobWords {
  readonly names: NameTable;
  readonly systems: WordTable;
  readonly reasons: WordTable;
  /** As the evaluator told them: JSON. */
  readonly maintainers: WordTable;
}

export function emptyWords(): JobWords {
  return {
    names: new NameTable(),
    systems: new WordTable(),
    reasons: new WordTable(),
    maintainers: new WordTable(),
  };
}
