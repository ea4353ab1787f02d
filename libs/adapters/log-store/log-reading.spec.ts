import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { printStyle } from '#domain/log/style.js';
import { DiskLogStore } from './disk-log-store.js';
import { readLines, type RawLine } from './line-reader.js';
import { LogCompanions } from './log-companions.js';
import { LogIndexes } from './log-indexes.js';
import { logPath } from './log-path.js';
import { LogSearch, type LogQuestion } from './log-search.js';

const key = 'attempt-7';
let directory = '';
let store: DiskLogStore;
let search: LogSearch;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'log-reading-'));
  store = new DiskLogStore(directory);
  search = new LogSearch(directory);
});
afterEach(async () => {
  await search.close();
  await store.close();
  await rm(directory, { recursive: true });
});

const indexes = (): LogIndexes => new LogIndexes(store, new LogCompanions(directory));
const put = async (text: string | Buffer): Promise<number> =>
  store.append(key, await store.size(key), Buffer.from(text));
const indexesOf = async (text: string) => {
  await put(text);
  return indexes().of(key);
};
const words = (lines: readonly RawLine[]): string[] =>
  lines.map(({ head }) => Buffer.from(head).toString());
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join('');

describe('the index of a log', () => {
  it('grows with the log, and counts a last line that has no end', async () => {
    const one = indexes();
    expect(await one.of(key)).toMatchObject({ lines: 0, size: 0 });
    await put('one\ntwo');
    expect(await one.of(key)).toMatchObject({ lines: 2, size: 7 });
    await put(' and more\nthree\n');
    expect(await one.of(key)).toMatchObject({ lines: 3, index: { lines: 3 } });
  });

  it('is kept beside a large log, and read instead of it', async () => {
    await put(numbered(1, 50_000));
    const made = await indexes().of(key);
    const path = logPath(directory, key).replace(/log$/, 'index');
    const kept = await readFile(path, 'latin1');
    // What only the file says proves that it was read.
    await writeFile(path, kept.replace('"errorCount":0', '"errorCount":5'), 'latin1');
    const read = await indexes().of(key);
    expect(read.index).toEqual({ ...made.index, errorCount: 5 });
  });

  it('is made again when it is torn, stale or missing', async () => {
    await put(numbered(1, 50_000));
    const made = await indexes().of(key);
    const path = logPath(directory, key).replace(/log$/, 'index');
    const kept = await readFile(path);
    await writeFile(path, kept.subarray(0, 100));
    expect(await indexes().of(key)).toEqual(made);
    await writeFile(path, kept);
    // Another log under the same name: no line ends where the index says.
    await store.remove(key);
    await writeFile(path, kept);
    await put(`x${numbered(1, 50_000)}`);
    expect(await indexes().of(key)).toMatchObject({ size: made.size + 1, lines: 50_000 });
    await rm(path);
    expect(await indexes().of(key)).toMatchObject({ lines: 50_000 });
  });

  it('tells lines and looks of a large log before it is whole', async () => {
    const line = `${'\x1b[32mCC\x1b[0m file.c '.repeat(20)}\n`;
    await put(line.repeat(20_000));
    await put(`starting phase \`check'\n\x1b[31m${numbered(1, 400)}`);
    const one = indexes();
    const soon = await one.soon(key);
    expect(soon).toMatchObject({ whole: false, lines: 20_401 });
    expect(soon.index.phases).toEqual([]);
    const last = { from: 20_401, count: 1, mostBytes: 1e6 };
    const early = await readLines(store, { key, known: soon }, last);
    const whole = await one.of(key);
    expect(whole).toMatchObject({ whole: true, lines: 20_401, index: { phases: [{}] } });
    expect(await one.soon(key)).toBe(whole);
    expect(early).toEqual(await readLines(store, { key, known: whole }, last));
    expect(printStyle(early.style)).toBe('1,,0');
  });

  it('is made once for all who ask at the same time', async () => {
    await put(numbered(1, 50_000));
    const one = indexes();
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => one.of(key)));
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('lines of a log', () => {
  const lines = async (from: number, count: number, mostBytes = 1e6) =>
    readLines(store, { key, known: await indexes().of(key) }, { from, count, mostBytes });

  it('are read by number, from anywhere', async () => {
    await put(numbered(1, 3000));
    expect(words((await lines(1, 2)).lines)).toEqual(['line 1', 'line 2']);
    expect(words((await lines(256, 3)).lines)).toEqual(['line 256', 'line 257', 'line 258']);
    expect(words((await lines(2999, 10)).lines)).toEqual(['line 2999', 'line 3000']);
    expect((await lines(3001, 1)).lines).toEqual([]);
    expect((await lines(1, 3000, 1000)).lines).toHaveLength(124);
    const [last] = (await lines(3000, 1)).lines;
    expect(last).toMatchObject({ number: 3000, start: numbered(1, 2999).length, length: 9 });
  });

  it('tell how text looked before them', async () => {
    await put(`\x1b[31m${numbered(1, 300)}\x1b[0m${numbered(301, 400)}`);
    expect(printStyle((await lines(280, 1)).style)).toBe('1,,0');
    const { before, style } = await lines(302, 1);
    expect(printStyle(style)).toBe('1,,0');
    expect(before.map(({ number }) => number)).toEqual([301]);
  });

  it('of megabytes are never held whole', async () => {
    const long = Buffer.alloc(10 * 1024 * 1024, 'x');
    await put(Buffer.concat([Buffer.from('a\nbegin'), long, Buffer.from('end\nlast')]));
    const all = (await lines(1, 10)).lines;
    expect(all.map(({ length }) => length)).toEqual([1, long.length + 8, 4]);
    expect(all[1]!.head).toHaveLength(8192);
    expect(words(all)[1]!.startsWith('beginxx')).toBe(true);
    expect(Buffer.from(all[1]!.tail!).toString().endsWith('xxend')).toBe(true);
  });
});

describe('a search over all of a log', () => {
  const found = async (expression: RegExp, more: Partial<LogQuestion> = {}) =>
    search.search(key, {
      ...{ size: await store.size(key), expression, after: 0, limit: 100 },
      ...more,
    });

  it('tells the lines that match, once each, and how many there are', async () => {
    await put(numbered(1, 200_000));
    const answer = await found(/7777/, { limit: 3 });
    expect(answer).toEqual({ kind: 'found', lines: [7777, 17777, 27777], before: 0, total: 38 });
    expect(await found(/LINE 200000$/i)).toMatchObject({ lines: [200_000], total: 1 });
    expect(await found(/e/, { after: 199_998, limit: 5 })).toEqual({
      ...{ kind: 'found', lines: [199_999, 200_000], before: 199_998, total: 200_000 },
    });
    expect(await found(/absent/)).toMatchObject({ lines: [], total: 0 });
  });

  it('answers alike when both halves are searched at once', async () => {
    const { index, size } = await indexesOf(numbered(1, 100_000));
    expect(size).toBe(await store.size(key));
    const middle = { offset: index.blocks[200]!, line: 200 * 256 + 1 };
    for (const expression of [/7777/, /e 1/, /^line 5120[01]$/, /absent/]) {
      for (const more of [{}, { after: 60_000, limit: 3 }, { after: 20_000, limit: 7000 }]) {
        expect(await found(expression, { ...more, middle })).toEqual(await found(expression, more));
      }
    }
  });

  it('looks at what is shown: without colours, as it ends when drawn over', async () => {
    await put('a\n\x1b[31mer\x1b[0mror\n 10%\r 99%\rdone\n');
    expect(await found(/^error$/)).toMatchObject({ lines: [2] });
    expect(await found(/99%/)).toMatchObject({ lines: [] });
    expect(await found(/^done$/)).toMatchObject({ lines: [3] });
  });

  it('matches within a line, and at its ends', async () => {
    await put('\n\none\ntwo\n\nthree');
    expect(await found(/one\s+two/)).toMatchObject({ total: 0 });
    expect(await found(/^$/)).toMatchObject({ lines: [1, 2, 5] });
    expect(await found(/[^]*two[^]*/)).toMatchObject({ lines: [4] });
    expect(await found(/three$/)).toMatchObject({ lines: [6] });
  });

  it('finds letters beyond ASCII, and what stands in a line of megabytes', async () => {
    await put('Änderung\n');
    await put(
      Buffer.concat([
        Buffer.alloc(3_000_000, 'x'),
        Buffer.from('needle'),
        Buffer.alloc(3_000_000, 'x'),
      ]),
    );
    await put('\nafter\n');
    expect(await found(/änd/iu)).toMatchObject({ lines: [1] });
    expect(await found(/needle/)).toMatchObject({ lines: [2], total: 1 });
    expect(await found(/after/)).toMatchObject({ lines: [3] });
  });

  it('finds marks that turn letters around by what the page tells of them', async () => {
    await put('plain\nif (a\u202e ;)b\n');
    expect(await found(/a\[U\+202E\] ;/)).toMatchObject({ lines: [2] });
  });

  it('sees a line whole wherever it lies, unless it has megabytes', async () => {
    const long = `begin${'y'.repeat(200_000)}end\n`;
    await put(`${numbered(1, 7000)}${long}${long}${numbered(1, 3000)}`);
    expect(await found(/^beginy+end$/)).toMatchObject({ lines: [7001, 7002], total: 2 });
    expect(await found(/^line 3000$/)).toMatchObject({ lines: [3000, 10_002] });
  });

  it('ends when an expression takes too long, and others are answered', async () => {
    await search.close();
    search = new LogSearch(directory, { threads: 1, milliseconds: 1000, waiting: 2 });
    await put(`${'a'.repeat(40)}b\n`);
    const [slow, other] = await Promise.all([found(/^(a+)+$/), found(/a/)]);
    expect(slow).toEqual({ kind: 'too-slow' });
    expect(other).toMatchObject({ kind: 'found', total: 1 });
  });

  it('is refused when too many wait', async () => {
    await put('x\n');
    await search.close();
    search = new LogSearch(directory, { threads: 1, milliseconds: 9000, waiting: 1 });
    const question = { size: await store.size(key), expression: /x/, after: 0, limit: 1 };
    const answers = await Promise.all([1, 2, 3].map(() => search.search(key, question)));
    expect(answers.map(({ kind }) => kind)).toEqual(['found', 'found', 'busy']);
  });
});
