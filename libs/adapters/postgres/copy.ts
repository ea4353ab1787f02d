/**
 * COPY … FROM STDIN in its text form: a tab between columns, a line for each row, `\N` for null.
 * Rows are joined into large chunks first, since a write for each row would cost more than the
 * COPY.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Client } from './database.js';

const rowsPerChunk = 4096;

/**
 * `target` is the table with its columns: `builds (id, status)`. Each line is a row, made of
 * numbers and of what the functions below give, joined by tabs, without the line's end.
 */
export async function copyLines(
  client: Client,
  target: string,
  lines: Iterable<string>,
): Promise<void> {
  await copyMeanwhile(client, { target, lines, meanwhile: () => undefined });
}

/** As `copyLines`; `meanwhile` runs while the server is busy with the rows that it was sent. */
export async function copyMeanwhile(
  client: Client,
  copy: {
    readonly target: string;
    readonly lines: Iterable<string>;
    readonly meanwhile: () => void;
  },
): Promise<void> {
  const { target, lines, meanwhile } = copy;
  const stream = (client as pg.Client).query(copyFrom(`copy ${target} from stdin`));
  async function* rows(): AsyncGenerator<Buffer> {
    yield* chunksOf(lines);
    // The last chunk goes to the socket first.
    await new Promise((resolve) => setImmediate(resolve));
    meanwhile();
  }
  await pipeline(Readable.from(rows(), { objectMode: true, highWaterMark: 4 }), stream);
}

function* chunksOf(lines: Iterable<string>): Generator<Buffer> {
  let text = '';
  let count = 0;
  for (const line of lines) {
    text += `${line}\n`;
    count += 1;
    if (count % rowsPerChunk === 0) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

/**
 * Rows of two bigints, in COPY's binary form: half the bytes of text to make and nothing to parse.
 * `pairs` holds one row after the other.
 */
export async function copyPairs(
  client: Client,
  target: string,
  pairs: readonly number[],
): Promise<void> {
  if (pairs.length === 0) return;
  const stream = (client as pg.Client).query(copyFrom(`copy ${target} from stdin (format binary)`));
  await pipeline(
    Readable.from(binaryChunks(pairs), { objectMode: true, highWaterMark: 4 }),
    stream,
  );
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const pairBytes = 26;

function* binaryChunks(pairs: readonly number[]): Generator<Buffer> {
  yield signature;
  for (let start = 0; start < pairs.length; start += 2 * rowsPerChunk) {
    const end = Math.min(start + 2 * rowsPerChunk, pairs.length);
    const chunk = Buffer.allocUnsafe(((end - start) / 2) * pairBytes);
    let offset = 0;
    for (let at = start; at < end; at += 2) {
      offset = chunk.writeUInt16BE(2, offset);
      offset = writeBigint(chunk, pairs[at] ?? 0, offset);
      offset = writeBigint(chunk, pairs[at + 1] ?? 0, offset);
    }
    yield chunk;
  }
  yield Buffer.from([0xff, 0xff]);
}

function writeBigint(chunk: Buffer, value: number, offset: number): number {
  chunk.writeUInt32BE(8, offset);
  chunk.writeUInt32BE(Math.floor(value / 2 ** 32), offset + 4);
  return chunk.writeUInt32BE(value % 2 ** 32, offset + 8);
}

export const nullColumn = '\\N';

const special = /[\\\t\n\r\0]/;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  // Postgres has no text with a NUL; it is shown as what could not be.
  '\0': '\uFFFD',
};

export function textColumn(text: string | null): string {
  if (text === null) return nullColumn;
  return special.test(text) ? text.replace(/[\\\t\n\r\0]/g, (c) => escapes[c] ?? c) : text;
}

/** Several, each after a tab but the first: looked through at once, since few need an escape. */
export function textColumns(...texts: readonly (string | null)[]): string {
  const joined = texts.join('\t');
  const plain = !texts.includes(null) && !/[\\\n\r\0]/.test(joined);
  if (plain && joined.split('\t').length === texts.length) return joined;
  return texts.map(textColumn).join('\t');
}

export function arrayColumn(items: readonly string[]): string {
  if (items.length === 0) return '{}';
  return textColumn(`{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}
