/**
 * Words that jobs share, kept once: names of jobs by the ids that Postgres gave them, systems and
 * maintainers by ids of their own. Names have a rank, too: two of them compare as their ranks do,
 * which a hundred thousand comparisons of texts would not do in the time of a request.
 */
import { invariant } from '#std/invariant.js';

export class NameTable {
  private readonly words = new Map<number, string>();
  private readonly small: string[] = [];
  private ranks: Int32Array = new Int32Array(0);
  private stale = false;
  private largest = 0;

  /** The largest id that is known. */
  get last(): number {
    return this.largest;
  }

  get size(): number {
    return this.words.size;
  }

  add(id: number, word: string): void {
    this.words.set(id, word);
    this.small[id] = word.toLowerCase();
    this.largest = Math.max(this.largest, id);
    this.stale = true;
  }

  has(id: number): boolean {
    return this.words.has(id);
  }

  word(id: number): string {
    const word = this.words.get(id);
    invariant(word !== undefined, `a job bears the name ${id}, which nobody told`);
    return word;
  }

  /** In small letters, for whoever looks through all of them. */
  inSmallLetters(id: number): string {
    return this.small[id] ?? '';
  }

  /** Ranks by id. New names change the ranks of others, but never the order of two of them. */
  order(): Int32Array {
    if (!this.stale) return this.ranks;
    const sorted = [...this.words].sort((a, b) => compare(a[1], b[1]));
    const ranks = new Int32Array(this.largest + 1);
    for (let at = 0; at < sorted.length; at += 1) ranks[sorted[at]![0]] = at;
    this.ranks = ranks;
    this.stale = false;
    return ranks;
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
