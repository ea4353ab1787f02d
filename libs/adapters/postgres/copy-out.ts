/**
 * COPY … TO STDOUT in its binary form: hundreds of thousands of rows without an object, a text and
 * a parse for each column. The caller reads the columns of a row in their order.
 */
import type pg from 'pg';
import type { Client } from './database.js';

const headerBytes = 19;
const nullLength = 0xff_ff_ff_ff;
/** Longer words are seldom. */
const comparedBelow = 256;

/**
 * Hands on each row of a query without parameters. `read` must read every column, in order, and
 * keep nothing of the row: its bytes are gone afterwards.
 */
export function copyRows(
  client: Client,
  select: string,
  read: (row: BinaryRow) => void,
): Promise<void> {
  const copy = new CopyOut(`copy (${select}) to stdout (format binary)`, read);
  (client as pg.Client).query(copy);
  return copy.done;
}

/**
 * A query of our own, as pg lets one submit. Its messages are read where they lie: a stream of them
 * makes a buffer of each row, and these live long enough to be collected with everything else.
 */
class CopyOut {
  private readonly settle = Promise.withResolvers<void>();
  readonly done = this.settle.promise;
  private readonly row = new BinaryRow();
  private begun = false;
  private fault: unknown = null;

  constructor(
    private readonly text: string,
    private readonly read: (row: BinaryRow) => void,
  ) {}

  submit(connection: pg.Connection): void {
    connection.query(this.text);
  }

  /** Always one message for a row; the header is with the first, the mark of the end by itself. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const at = this.begun ? 0 : headerBytes;
    this.begun = true;
    if (this.fault !== null || at === chunk.length || chunk.readInt16BE(at) === -1) return;
    try {
      this.row.begin(chunk, at + 2);
      this.read(this.row);
    } catch (error) {
      // The connection stays of use when the rest has been passed by.
      this.fault = error;
    }
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (this.fault === null) this.settle.resolve();
    else this.settle.reject(this.fault);
  }

  handleError(error: unknown): void {
    this.settle.reject(error);
  }
}

export class BinaryRow {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  /** The same few words come in every row: each is kept once, and of each length the last. */
  private readonly words = new Map<string, string>();
  private readonly last: { readonly bytes: Buffer; readonly text: string }[] = [];

  begin(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** int2, int4 or int8. */
  integer(): number {
    const length = this.length();
    const at = this.at - length;
    if (length === 8) return readBigint(this.bytes, at);
    return length === 4 ? this.bytes.readInt32BE(at) : this.bytes.readInt16BE(at);
  }

  double(): number | null {
    const length = this.length();
    return length === 0 ? null : this.bytes.readDoubleBE(this.at - length);
  }

  /** An empty text is told as null. */
  text(): string | null {
    const length = this.length();
    return length === 0 ? null : this.bytes.toString('utf8', this.at - length, this.at);
  }

  /** A text that many rows share, kept once. To compare bytes is faster than to read a text. */
  word(): string | null {
    const length = this.length();
    if (length === 0) return null;
    const start = this.at - length;
    const last = this.last[length];
    if (last && bears(this.bytes, start, last.bytes)) return last.text;
    const read = this.bytes.toString('utf8', start, this.at);
    const text = this.words.get(read) ?? read;
    this.words.set(text, text);
    if (length < comparedBelow) {
      this.last[length] = { bytes: Buffer.from(this.bytes.subarray(start, this.at)), text };
    }
    return text;
  }

  /** An int8[] without nulls, put at the end of `to`; answers how many they were. */
  integers(to: number[]): number {
    const length = this.length();
    const { bytes } = this;
    const start = this.at - length;
    const count =
      length === 0 || bytes.readInt32BE(start) === 0 ? 0 : bytes.readInt32BE(start + 12);
    for (let i = 0; i < count; i += 1) to.push(readBigint(bytes, start + 24 + i * 12));
    return count;
  }

  /** Of the next column, which is passed by; 0 for null. */
  private length(): number {
    const length = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    if (length === nullLength) return 0;
    this.at += length;
    return length;
  }
}

/** Words are a few letters: a call of what compares buffers would take longer. */
function bears(bytes: Buffer, start: number, word: Buffer): boolean {
  for (let at = 0; at < word.length; at += 1) if (bytes[start + at] !== word[at]) return false;
  return true;
}

/** Ids are safe integers. */
function readBigint(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
