import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LogKey } from '#application/ports/log-store.js';
import { DiskLogStore } from './disk-log-store.js';
import { LogCompanions, timeOf } from './log-companions.js';
import { HandleCache } from './handle-cache.js';
import { logPath } from './log-path.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Range = readonly [start: number, end: number];

async function text(store: DiskLogStore, key: LogKey, range: Range = [0, 1e9]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(key, ...range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('the log store on disk', () => {
  let directory = '';
  let store: DiskLogStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'log-store-'));
    store = new DiskLogStore(directory, 2);
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  it('grows by offset and answers its size', async () => {
    expect(await store.append('attempt-1', 0, bytes('one '))).toBe(4);
    expect(await store.append('attempt-1', 4, bytes('two'))).toBe(7);
    expect(await text(store, 'attempt-1')).toBe('one two');
    expect(await store.size('attempt-1')).toBe(7);
  });

  it('keeps what is there when a chunk comes twice or overlaps', async () => {
    await store.append('attempt-1', 0, bytes('hello'));
    expect(await store.append('attempt-1', 0, bytes('HELLO'))).toBe(5);
    expect(await store.append('attempt-1', 3, bytes('XX world'))).toBe(11);
    expect(await text(store, 'attempt-1')).toBe('hello world');
  });

  it('refuses a gap and says where to go on', async () => {
    await store.append('attempt-1', 0, bytes('abc'));
    expect(await store.append('attempt-1', 9, bytes('late'))).toBe(3);
    expect(await text(store, 'attempt-1')).toBe('abc');
  });

  it('puts appends that arrive together in the order they were made', async () => {
    const chunks = Array.from({ length: 500 }, (_, i) => bytes(`line ${i}\n`));
    let offset = 0;
    const answers = chunks.map((chunk) => {
      const answer = store.append('attempt-5', offset, chunk);
      offset += chunk.length;
      return answer;
    });
    const sizes = await Promise.all(answers);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes.at(-1)).toBe(offset);
    expect(await text(store, 'attempt-5')).toBe(Buffer.concat(chunks).toString());
  });

  it('lets two gateways take turns at the same log', async () => {
    const other = new DiskLogStore(directory);
    await store.append('attempt-1', 0, bytes('from one, '));
    await other.append('attempt-1', 10, bytes('from two, '));
    expect(await store.append('attempt-1', 20, bytes('from one'))).toBe(28);
    expect(await text(other, 'attempt-1')).toBe('from one, from two, from one');
    await other.close();
  });

  it('reads a range, and nothing of a log that is not there', async () => {
    await store.append('evaluation-7', 0, bytes('0123456789'));
    expect(await text(store, 'evaluation-7', [3, 6])).toBe('345');
    expect(await text(store, 'evaluation-7', [8, 99])).toBe('89');
    expect(await text(store, 'attempt-99')).toBe('');
    expect(await store.size('attempt-99')).toBe(0);
  });

  it('survives a seal and can still be repeated after it', async () => {
    await store.append('attempt-1', 0, bytes('done'));
    await store.seal('attempt-1');
    expect(await store.append('attempt-1', 0, bytes('done'))).toBe(4);
    expect(await readFile(logPath(directory, 'attempt-1'), 'utf8')).toBe('done');
  });

  it('spreads logs over directories', async () => {
    await store.append('attempt-1234567', 0, bytes('x'));
    expect(await readdir(join(directory, 'attempt', '001', '234'))).toEqual([
      'attempt-1234567.log',
      'attempt-1234567.times',
    ]);
  });

  it('holds few files open, however many logs grow', async () => {
    const keys = Array.from({ length: 20 }, (_, i): LogKey => `attempt-${i + 1}`);
    await Promise.all(keys.map((key) => store.append(key, 0, bytes(key))));
    await Promise.all(keys.map((key) => store.append(key, key.length, bytes('!'))));
    for (const key of keys) expect(await text(store, key)).toBe(`${key}!`);
    const cache = new HandleCache(2);
    for (const key of keys) await cache.use(logPath(directory, key), () => Promise.resolve());
    expect(cache.size).toBe(2);
    await cache.close();
  });

  it('notes when its bytes came, and loses the notes with the log', async () => {
    const companions = new LogCompanions(directory);
    const before = Date.now();
    await store.append('attempt-1', 0, bytes('first'));
    await store.append('attempt-1', 5, bytes('within the same second'));
    await store.seal('attempt-1');
    await store.append('attempt-1', 27, bytes('later'));
    const times = await companions.times('attempt-1');
    expect(times.map(({ offset }) => offset)).toEqual([0, 27]);
    expect(timeOf(times, 26)).toBe(times[0]!.at);
    expect(times[0]!.at).toBeGreaterThanOrEqual(before);
    expect(timeOf([], 3)).toBeNull();
    await store.remove('attempt-1');
    expect(await readdir(join(directory, 'attempt', '000', '000'))).toEqual([]);
  });

  it('refuses a key that is not one', async () => {
    await expect(store.size('attempt-../../etc' as LogKey)).rejects.toThrow('not the key of a log');
  });
});
