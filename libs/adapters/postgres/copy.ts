/**
 * COPY … FROM STDIN in its text form: a tab between columns, a line for each row, `\N` for null.
 * Rows are joined into large chunks first, since a write for each row would cost more than the COPY.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Client } from './database.js';

export type CopyValue = string | number | boolean | null | readonly string[];

const rowsPerChunk = 4096;

/** `target` is the table with its columns: `builds (id, status)`. */
export async function copyRows(
  client: Client,
  target: string,
  rows: Iterable<readonly CopyValue[]>,
): Promise<void> {
  const stream = (client as pg.Client).query(copyFrom(`copy ${target} from stdin`));
  await pipeline(Readable.from(chunksOf(rows), { objectMode: true, highWaterMark: 4 }), stream);
}

function* chunksOf(rows: Iterable<readonly CopyValue[]>): Generator<Buffer> {
  let text = '';
  let count = 0;
  for (const row of rows) {
    for (let i = 0; i < row.length; i += 1) {
      if (i > 0) text += '\t';
      text += textOf(row[i] ?? null);
    }
    text += '\n';
    count += 1;
    if (count % rowsPerChunk === 0) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

function textOf(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return escaped(value);
  return value.length === 0 ? '{}' : escaped(arrayLiteral(value));
}

const special = /[\\\t\n\r\0]/;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  // Postgres has no text with a NUL; it is shown as what could not be.
  '\0': '\uFFFD',
};

function escaped(text: string): string {
  return special.test(text) ? text.replace(/[\\\t\n\r\0]/g, (c) => escapes[c] ?? c) : text;
}

function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
