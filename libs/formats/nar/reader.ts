/**
 * Reads a nar pushed in pieces of any size, strictly: only the bytes that the tools themselves
 * write for a tree are accepted. Contents pass through as views of the pushed pieces, uncopied;
 * what is held besides is one name for each open directory and one unfinished string of at most 4
 * KiB.
 */
import { err, ok, type Result } from '#std/result.js';
import {
  compareNames,
  isEntryName,
  isSymlinkTarget,
  longestName,
  longestTarget,
  paddingOf,
} from './grammar.js';

export type NarEvent =
  | { readonly kind: 'directory-begin' }
  /** The next event begins this entry's node. */
  | { readonly kind: 'entry'; readonly name: Uint8Array }
  /** Followed by contents of `size` bytes in all: none when it is empty. */
  | { readonly kind: 'regular'; readonly executable: boolean; readonly size: number }
  /** A view of the piece that was pushed. */
  | { readonly kind: 'contents'; readonly bytes: Uint8Array }
  | { readonly kind: 'symlink'; readonly target: Uint8Array }
  | { readonly kind: 'directory-end' }
  | { readonly kind: 'end' };

export interface NarError {
  readonly kind:
    | 'unexpected-string'
    | 'string-too-long'
    | 'bad-padding'
    | 'bad-name'
    | 'bad-target'
    | 'unordered-names'
    | 'too-deep'
    | 'trailing-bytes'
    | 'truncated';
  /** In bytes from the beginning of the archive, where the offending string or byte begins. */
  readonly offset: number;
}

export interface NarLimits {
  /** How many directories may be nested. */
  readonly depth: number;
}

/** A path of 4,095 bytes has no more components. */
export const defaultNarLimits: NarLimits = { depth: 2048 };

type Expectation =
  | 'magic'
  | 'node'
  | 'type-tag'
  | 'type'
  | 'regular-tag'
  | 'executable-value'
  | 'contents-tag'
  | 'contents'
  | 'target-tag'
  | 'target'
  | 'node-end'
  | 'directory-tag'
  | 'entry-begin'
  | 'name-tag'
  | 'name'
  | 'node-tag'
  | 'entry-end'
  | 'nothing';

/** The words that may stand at a place, and what is expected after each. */
const words: Readonly<Partial<Record<Expectation, Readonly<Record<string, Expectation>>>>> = {
  magic: { 'nix-archive-1': 'node' },
  node: { '(': 'type-tag' },
  'type-tag': { type: 'type' },
  type: { regular: 'regular-tag', symlink: 'target-tag', directory: 'directory-tag' },
  'regular-tag': { executable: 'executable-value', contents: 'contents' },
  'executable-value': { '': 'contents-tag' },
  'contents-tag': { contents: 'contents' },
  'target-tag': { target: 'target' },
  'directory-tag': { entry: 'entry-begin', ')': 'directory-tag' },
  'entry-begin': { '(': 'name-tag' },
  'name-tag': { name: 'name' },
  'node-tag': { node: 'node' },
};
const nodeEnd: Readonly<Record<string, Expectation>> = { ')': 'node-end' };
const longestWord = 16;

/** The longest string that is held whole, by place. */
function longestAt(place: Expectation): number {
  if (place === 'name') return longestName;
  return place === 'target' ? longestTarget : longestWord;
}

export class NarReader {
  readonly #held = new Uint8Array(8 + longestTarget + 8);
  readonly #names: (Uint8Array | undefined)[] = [];
  #events: NarEvent[] = [];
  #place: Expectation = 'magic';
  #executable = false;
  #heldLength = 0;
  /** Of contents: bytes still to pass, then zeros still to skip. */
  #contentsLeft = 0;
  #paddingLeft = 0;
  #offset = 0;
  #failure: NarError | undefined;

  constructor(private readonly limits: NarLimits = defaultNarLimits) {}

  /** How many bytes were accepted. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Takes the next piece and gives the events that it completes. Once refused, always refused.
   * After the event `end` anything more is refused; whether the archive was whole, `finish`
   * tells.
   */
  push(piece: Uint8Array): Result<readonly NarEvent[], NarError> {
    this.#events = [];
    let at = 0;
    while (at < piece.length && !this.#failure) at += this.#take(piece, at);
    return this.#failure ? err(this.#failure) : ok(this.#events);
  }

  /** Says that nothing more comes. */
  finish(): Result<void, NarError> {
    if (!this.#failure && this.#place !== 'nothing') this.#refuse('truncated', this.#offset);
    return this.#failure ? err(this.#failure) : ok(undefined);
  }

  /** Takes some bytes of `piece` from `at` on, and says how many. */
  #take(piece: Uint8Array, at: number): number {
    const taken =
      this.#contentsLeft > 0
        ? this.#takeContents(piece, at)
        : this.#paddingLeft > 0
          ? this.#takePadding(piece, at)
          : this.#takeString(piece, at);
    this.#offset += taken;
    return taken;
  }

  #takeContents(piece: Uint8Array, at: number): number {
    const size = Math.min(this.#contentsLeft, piece.length - at);
    this.#events.push({ kind: 'contents', bytes: piece.subarray(at, at + size) });
    this.#contentsLeft -= size;
    return size;
  }

  #takePadding(piece: Uint8Array, at: number): number {
    if (piece[at] !== 0) this.#refuse('bad-padding', this.#offset);
    this.#paddingLeft--;
    return 1;
  }

  /** A whole string within the piece is read in place; a cut one is gathered in `#held`. */
  #takeString(piece: Uint8Array, at: number): number {
    if (this.#place === 'nothing') return this.#refuse('trailing-bytes', this.#offset);
    if (this.#heldLength === 0) {
      const whole = this.#stringEnd(piece, at);
      if (this.#failure) return 0;
      if (whole !== undefined && whole <= piece.length) {
        this.#accept(piece, at, this.#offset);
        return whole - at;
      }
    }
    return this.#gather(piece, at);
  }

  #gather(piece: Uint8Array, at: number): number {
    const begin = this.#offset - this.#heldLength;
    const end = this.#heldLength < 8 ? 8 : (this.#stringEnd(this.#held, 0) ?? 8);
    const size = Math.min(end - this.#heldLength, piece.length - at);
    this.#held.set(piece.subarray(at, at + size), this.#heldLength);
    this.#heldLength += size;
    if (this.#heldLength < 8) return size;
    const whole = this.#stringEnd(this.#held, 0, begin);
    if (whole === this.#heldLength && !this.#failure) {
      this.#heldLength = 0;
      this.#accept(this.#held, 0, begin);
    }
    return size;
  }

  /**
   * Where the string that begins at `at` ends; undefined while its length is not whole. The
   * string of contents ends here after its length.
   */
  #stringEnd(bytes: Uint8Array, at: number, offset = this.#offset): number | undefined {
    if (bytes.length - at < 8) return undefined;
    const length = lengthAt(bytes, at);
    if (this.#place === 'contents') {
      if (!Number.isSafeInteger(length)) this.#refuse('string-too-long', offset);
      return at + 8;
    }
    if (length > longestAt(this.#place)) this.#refuse('string-too-long', offset);
    return at + 8 + length + paddingOf(length);
  }

  /** Acts on the whole string at `at`, whose length was looked at. */
  #accept(bytes: Uint8Array, at: number, offset: number): void {
    const length = lengthAt(bytes, at);
    if (this.#place === 'contents') return this.#beginContents(length);
    const end = at + 8 + length;
    for (let i = end; i < end + paddingOf(length); i++) {
      if (bytes[i] !== 0) return void this.#refuse('bad-padding', offset + i - at);
    }
    if (this.#place === 'name') return this.#beginEntry(bytes.slice(at + 8, end), offset);
    if (this.#place === 'target') return this.#link(bytes.slice(at + 8, end), offset);
    const word = asciiAt(bytes, at + 8, end);
    const choices = words[this.#place] ?? nodeEnd;
    const next = Object.hasOwn(choices, word) ? choices[word] : undefined;
    if (next === undefined) return void this.#refuse('unexpected-string', offset);
    this.#follow(word, next, offset);
  }

  /** Moves on after a word, and says what it meant. */
  #follow(word: string, next: Expectation, offset: number): void {
    const place = this.#place;
    this.#place = next;
    if (place === 'regular-tag') this.#executable = word === 'executable';
    if (place === 'type' && word === 'directory') this.#openDirectory(offset);
    if (word !== ')') return;
    if (place === 'entry-end') this.#place = 'directory-tag';
    else {
      if (place === 'directory-tag') this.#closeDirectory();
      this.#nodeDone();
    }
  }

  #nodeDone(): void {
    this.#place = this.#names.length > 0 ? 'entry-end' : 'nothing';
    if (this.#place === 'nothing') this.#events.push({ kind: 'end' });
  }

  #openDirectory(offset: number): void {
    if (this.#names.length >= this.limits.depth) this.#refuse('too-deep', offset);
    this.#names.push(undefined);
    this.#events.push({ kind: 'directory-begin' });
  }

  #closeDirectory(): void {
    this.#names.pop();
    this.#events.push({ kind: 'directory-end' });
  }

  #beginEntry(name: Uint8Array, offset: number): void {
    if (!isEntryName(name)) return void this.#refuse('bad-name', offset);
    const last = this.#names.at(-1);
    if (last && compareNames(last, name) >= 0) {
      return void this.#refuse('unordered-names', offset);
    }
    this.#names[this.#names.length - 1] = name;
    this.#place = 'node-tag';
    this.#events.push({ kind: 'entry', name });
  }

  #beginContents(size: number): void {
    this.#events.push({ kind: 'regular', executable: this.#executable, size });
    this.#contentsLeft = size;
    this.#paddingLeft = paddingOf(size);
    this.#place = 'node-end';
  }

  #link(target: Uint8Array, offset: number): void {
    if (!isSymlinkTarget(target)) return void this.#refuse('bad-target', offset);
    this.#place = 'node-end';
    this.#events.push({ kind: 'symlink', target });
  }

  #refuse(kind: NarError['kind'], offset: number): 0 {
    this.#failure ??= { kind, offset };
    return 0;
  }
}

/**
 * The little-endian 64-bit length at `at`; beyond 2^53 it is inexact, and never a safe integer.
 */
function lengthAt(bytes: Uint8Array, at: number): number {
  return fourBytes(bytes, at) + fourBytes(bytes, at + 4) * 2 ** 32;
}

function fourBytes(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

function asciiAt(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}
