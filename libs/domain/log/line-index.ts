/**
 * What is known of a log without reading it again: where every 256th line begins and how text looks
 * there, its phases, and the lines that tell an error. It grows with the log, costs about a second
 * for a gigabyte, and holds 32 kB for a million lines. A line without an end is not counted until
 * it ends.
 */
import {
  beginsError,
  errorInitials,
  isErrorHint,
  latin,
  startsWith,
  tellsError,
} from './error-words.js';
import { phaseMark, withMark, type Phase } from './phases.js';
import { StyleMemory } from './style-memory.js';
import { parseStyle, plainStyle, printStyle, type Style } from './style.js';

export const linesPerBlock = 256;
/** Lines that tell an error, kept by number; more are counted. */
const errorsAtMost = 5000;

export interface LineIndex {
  /** Bytes of whole lines. */
  readonly size: number;
  /** Whole lines. */
  readonly lines: number;
  /** Offsets of lines 1, 257, 513 …; one for each block begun. */
  readonly blocks: readonly number[];
  /** How text looks at the beginning of a block, where it is not plain: `printStyle`. */
  readonly styles: Readonly<Record<number, string>>;
  /** How it looks behind the last whole line. */
  readonly style: string;
  readonly phases: readonly Phase[];
  /** Numbers of the first lines that tell an error. */
  readonly errors: readonly number[];
  readonly errorCount: number;
}

export const emptyIndex: LineIndex = {
  size: 0,
  lines: 0,
  blocks: [0],
  styles: {},
  style: printStyle(plainStyle),
  phases: [],
  errors: [],
  errorCount: 0,
};

const lineFeed = 0x0a;
const escape = 0x1b;
/** Of a line without an end so much is held back before it is looked at in pieces. */
const heldAtMost = 64 * 1024;
const phaseBeginnings = ['starting phase ', 'phase ', 'Running phase: ', '@nix {'] as const;
const phaseInitials = phaseBeginnings.map((word) => word.charCodeAt(0));
const phaseLineAtMost = 400;

const hints = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  hints[byte] = byte === lineFeed || byte === escape || isErrorHint(byte) ? 1 : 0;
}
const initials = new Uint8Array(256);
for (const byte of [...errorInitials, ...phaseInitials]) initials[byte] = 1;

/** Makes an index, or goes on with one where it ended. */
export class LineIndexer {
  private size: number;
  private lines: number;
  private readonly blocks: number[];
  private readonly styles: Record<number, string>;
  private style: Style;
  private readonly looks = new StyleMemory();
  private phases: readonly Phase[];
  private readonly errors: number[];
  private errorCount: number;
  /** A line without an end, in the pieces in which it came. */
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  /** Bytes of that line which were looked at already. */
  private passed = 0;
  private markedLine = 0;

  constructor(index: LineIndex = emptyIndex) {
    this.size = index.size;
    this.lines = index.lines;
    this.blocks = [...index.blocks];
    this.styles = { ...index.styles };
    this.style = parseStyle(index.style);
    this.phases = index.phases;
    this.errors = [...index.errors];
    this.errorCount = index.errorCount;
  }

  /** How far the log was taken, with the bytes of its last line that has no end. */
  get taken(): number {
    return this.size + this.passed + this.heldBytes;
  }

  get index(): LineIndex {
    const { size, lines, blocks, styles, phases, errors, errorCount } = this;
    const style = printStyle(this.style);
    return { size, lines, blocks, styles, style, phases, errors, errorCount };
  }

  /** The bytes behind those taken before; they may be used again afterwards. */
  take(bytes: Uint8Array): void {
    const last = bytes.lastIndexOf(lineFeed) + 1;
    if (last === 0 && this.heldBytes + bytes.length <= heldAtMost) {
      this.hold(bytes);
      return;
    }
    const all = this.heldBytes === 0 ? bytes : joined([...this.held, bytes]);
    const end = last === 0 ? all.length : all.length - bytes.length + last;
    this.held = [];
    this.heldBytes = 0;
    this.look(end === all.length ? all : all.subarray(0, end));
    if (last === 0) this.passed += end;
    else {
      this.size += this.passed + end;
      this.passed = 0;
    }
    this.hold(all.subarray(end));
  }

  private hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.held.push(new Uint8Array(bytes));
    this.heldBytes += bytes.length;
  }

  /** Bytes that lie at `size + passed`; whole lines, or a piece of a very long one. */
  private look(bytes: Uint8Array): void {
    const base = this.size + this.passed;
    let start = 0;
    if (this.passed === 0) this.beginLine(bytes, 0, base);
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (hints[byte] === 0) continue;
      if (byte === lineFeed) {
        this.lines += 1;
        start = at + 1;
        if (this.lines % linesPerBlock === 0) this.beginBlock(base + start);
        if (start < bytes.length) this.beginLine(bytes, start, base);
      } else if (byte === escape) this.style = this.looks.after(this.style, bytes, at);
      else if (this.markedLine <= this.lines && tellsError(bytes, at, start)) this.markError();
    }
  }

  private beginBlock(offset: number): void {
    this.blocks.push(offset);
    const style = printStyle(this.style);
    if (style !== emptyIndex.style) this.styles[this.blocks.length - 1] = style;
  }

  private beginLine(bytes: Uint8Array, start: number, base: number): void {
    if (initials[bytes[start]!] === 0) return;
    if (phaseBeginnings.some((word) => startsWith(bytes, start, word))) {
      const told = phaseMark(latin(bytes, start, phaseLineAtMost));
      const feed = bytes.indexOf(lineFeed, start);
      const end = base + (feed === -1 ? bytes.length : feed + 1);
      const line = { number: this.lines + 1, start: base + start, end };
      if (told) this.phases = withMark(this.phases, told, line);
    }
    if (beginsError(bytes, start)) this.markError();
  }

  /** A line is counted once. */
  private markError(): void {
    this.markedLine = this.lines + 1;
    this.errorCount += 1;
    if (this.errors.length < errorsAtMost) this.errors.push(this.lines + 1);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
