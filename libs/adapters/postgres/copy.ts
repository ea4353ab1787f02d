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
  const stream = (client as pg.Client).query(copyFrom(`copy ${target} from stdin`));
  await pipeline(Readable.from(chunksOf(lines), { objectMode: true, highWaterMark: 4 }), stream);
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

export function arrayColumn(items: readonly string[]): string {
  if (items.length === 0) return '{}';
  return textColumn(`{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}
