/**
 * How many lines a log has, and where every 256th begins: the part of its index that is known
 * twenty times sooner than all of it, and enough to show any line.
 */
import { linesPerBlock, type LineIndex } from './line-index.js';

const lineFeed = 0x0a;

/** Goes on where an index ends; the bytes that are taken are those behind it. */
export class LineCount {
  /** How far the log was taken. */
  taken: number;
  private size: number;
  private lines: number;
  private readonly blocks: number[];

  constructor(private readonly begun: LineIndex) {
    this.taken = begun.size;
    this.size = begun.size;
    this.lines = begun.lines;
    this.blocks = [...begun.blocks];
  }

  /** An index of all that was taken, with the looks, phases and errors of where it began alone. */
  get index(): LineIndex {
    const { size, lines, blocks } = this;
    return { ...this.begun, size, lines, blocks: [...blocks] };
  }

  take(bytes: Uint8Array): void {
    let feed = bytes.indexOf(lineFeed);
    for (; feed !== -1; feed = bytes.indexOf(lineFeed, feed + 1)) {
      this.lines += 1;
      this.size = this.taken + feed + 1;
      if (this.lines % linesPerBlock === 0) this.blocks.push(this.size);
    }
    this.taken += bytes.length;
  }
}
