/**
 * COPY … TO STDOUT in its binary form: hundreds of thousands of rows without an object, a text and
 * a parse for each column. The caller reads the columns of a row in their order.
 */
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Client } from './database.js';

const headerBytes = 19;
const nullLength = 0xff_ff_ff_ff;
/** Longer words are seldom. */
const comparedBelow = 256;

/**
 * Hands on each row of a query without parameters. `read` must read every column, in order, and
 * keep nothing of the row: its bytes are gone afterwards.
 */
export async function copyRows(
  client: Client,
  select: string,
  read: (row: BinaryRow) => void,
): Promise<void> {
  const stream = (client as pg.Client).query(copyTo(`copy (${select}) to stdout (format binary)`));
  const row = new BinaryRow();
  let rest: Buffer = Buffer.alloc(0);
  let skip = headerBytes;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (bytes.length < skip) {
      rest = bytes;
      continue;
    }
    let at = skip;
    skip = 0;
    for (let end = endOfRow(bytes, at); end !== -1; end = endOfRow(bytes, at)) {
      row.begin(bytes, at + 2);
      read(row);
      at = end;
    }
    rest = bytes.subarray(at);
  }
}

/** -1 when the row is not whole, or when it is the mark of the end. */
function endOfRow(bytes: Buffer, start: number): number {
  if (start + 2 > bytes.length) return -1;
  let left = bytes.readInt16BE(start);
  if (left === -1) return -1;
  let at = start + 2;
  for (; left > 0; left -= 1) {
    if (at + 4 > bytes.length) return -1;
    const length = bytes.readUInt32BE(at);
    at += length === nullLength ? 4 : 4 + length;
  }
  return at > bytes.length ? -1 : at;
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
