import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TraceReader, type TraceEvent } from './trace-reader.js';

const recorded = readFileSync('test/fixtures/guix-build/build-trace.stderr');
const [dep, top] = [
  'rx3zxsg648wfhxy052vrj4j287h250ca-dep-1.0',
  'b9f1ypg2w7zsxn0ib4s5y4qj86slzmxy-top-1.0',
];

/** Pieces of one frame are joined, and words made text. */
function read(bytes: Uint8Array, piece = bytes.length): unknown[] {
  const reader = new TraceReader();
  const events: TraceEvent[] = [];
  for (let at = 0; at < bytes.length; at += Math.max(1, piece)) {
    events.push(...reader.take(bytes.subarray(at, at + Math.max(1, piece))));
  }
  const told: unknown[] = [];
  for (const event of events) {
    const last = told.at(-1) as { pid?: number; log?: Buffer } | undefined;
    if (event.kind === 'words') told.push(Buffer.from(event.bytes).toString('latin1'));
    else if (event.kind !== 'build-log') told.push(event);
    else if (last?.pid === event.pid && last.log) last.log = Buffer.concat([last.log, event.bytes]);
    else told.push({ pid: event.pid, log: Buffer.from(event.bytes) });
  }
  return told;
}

describe('a build trace', () => {
  const started = (name: string, pid: number): unknown => ({
    ...{ kind: 'build-started', derivation: `/gnu/store/${name}.drv` },
    ...{ system: 'x86_64-linux', pid },
  });
  const succeeded = (name: string): unknown => ({
    ...{ kind: 'build-succeeded', derivation: `/gnu/store/${name}.drv` },
  });

  it.each([1, 5, 64, 4096])('as recorded is read in pieces of %d bytes', (piece) => {
    expect(read(recorded, piece)).toEqual([
      "warning: in 'top-1.0': deprecated 'derivation' calling convention used",
      started(dep, 8357),
      { pid: 8357, log: Buffer.from('building dep\n') },
      succeeded(dep),
      started(top, 8361),
      { pid: 8361, log: Buffer.from('building top\n') },
      succeeded(top),
    ]);
  });

  it('keeps the bytes of interleaved builders apart, whatever they are', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.uint8Array({ maxLength: 40 }));
    const trap = fc.constantFrom('@ build-succeeded x -\n', '@ build-log 1 3\n', '\n', '@ ', 'ü');
    const frames = fc.array(fc.tuple(piece, trap), { maxLength: 12 });
    const step = fc.integer({ min: 1, max: 50 });
    const property = fc.property(frames, step, (all, size) => {
      const [bytes, wanted]: [Buffer[], Map<number, Buffer[]>] = [[], new Map()];
      for (const [[pid, random], words] of all) {
        const log = Buffer.concat([random, Buffer.from(words), random]);
        bytes.push(Buffer.from(`@ build-log ${pid} ${log.length}\n`), log);
        wanted.set(pid, [...(wanted.get(pid) ?? []), log]);
      }
      const told = read(Buffer.concat(bytes), size) as { pid: number; log: Buffer }[];
      for (const [pid, logs] of wanted) {
        const got = told.filter((one) => one.pid === pid).map((one) => one.log);
        expect(Buffer.concat(got)).toEqual(Buffer.concat(logs));
      }
      expect(told.every((one) => wanted.has(one.pid))).toBe(true);
    });
    fc.assert(property, { numRuns: process.env['GAMBESON_TEST_FULL'] === '1' ? 20_000 : 200 });
  });

  it('of failures and substitutes tells what, how and why', () => {
    const text = [
      "@ build-failed /gnu/store/x.drv - 1 builder for `/gnu/store/x.drv' failed with exit code 9",
      '@ build-failed /gnu/store/x.drv - timeout',
      '@ build-failed /gnu/store/x.drv - cached',
      '@ substituter-started /gnu/store/i /usr/bin/guix substitute',
      '@ substituter-failed /gnu/store/i 256 fetching failed',
      '@ hash-mismatch /gnu/store/i sha256 aa bb',
    ];
    expect(read(Buffer.from(`${text.join('\n')}\n`))).toMatchObject([
      { kind: 'build-failed', status: '1', text: expect.stringMatching(/code 9$/) as unknown },
      { kind: 'build-failed', status: 'timeout', text: '' },
      { kind: 'build-failed', status: 'cached' },
      { kind: 'substituter', end: 'started', item: '/gnu/store/i' },
      { kind: 'substituter', end: 'failed', text: '256 fetching failed' },
      { kind: 'hash-mismatch', item: '/gnu/store/i', text: 'sha256 aa bb' },
    ]);
  });

  it('passes on as words whatever is no trace', () => {
    const garbage = [
      '@',
      '@ ',
      '@ build-log x 5',
      '@ build-log 1 99999999999',
      '@ unheard-of thing',
    ];
    expect(read(Buffer.from(`${garbage.join('\n')}\n`))).toEqual(garbage);
    const long = `@ build-log 1 2${' '.repeat(200_000)}`;
    const words = read(Buffer.from(`${long}\n@ build-log 7 2\nok`)) as (string | { pid: number })[];
    expect(words.filter((one) => typeof one === 'string').join('')).toBe(long);
    expect(words.at(-1)).toEqual({ pid: 7, log: Buffer.from('ok') });
  });

  it('that is cut within a line or a frame says so', () => {
    const cut = (text: string): boolean => {
      const reader = new TraceReader();
      reader.take(Buffer.from(text));
      return reader.cut;
    };
    expect(cut('@ build-log 1 5\nabcde')).toBe(false);
    expect(cut('@ build-log 1 5\nabcd')).toBe(true);
    expect(cut('@ build-lo')).toBe(true);
  });
});
