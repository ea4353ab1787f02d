import { describe, expect, it } from '@jest/globals';
import { parseIndex, printIndex } from './index-codec.js';
import { LineCount } from './line-count.js';
import { emptyIndex, LineIndexer, linesPerBlock } from './line-index.js';
import { plainStyle, printStyle, selected } from './style.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function indexed(text: string, pieceBytes = 1e9): LineIndexer {
  const indexer = new LineIndexer();
  const all = bytes(text);
  for (let at = 0; at < all.length; at += pieceBytes) {
    indexer.take(all.subarray(at, at + pieceBytes));
  }
  return indexer;
}

const guix = [
  "starting phase `unpack'",
  'x',
  "phase `unpack' succeeded after 0.5 seconds",
  "starting phase `build'",
  '\x1b[01;31m\x1b[Kerror: \x1b[mno such thing',
  'make: *** [Makefile:3: all] Error 1',
  "error: in phase 'build': uncaught exception:",
  "phase `build' failed after 12.0 seconds",
  'stderror: not one',
  'half a line error:',
].join('\n');

describe('the index of a log', () => {
  it('knows where blocks of lines begin', () => {
    const text = Array.from({ length: 1000 }, (_, n) => `line ${n}\n`).join('');
    const { index } = indexed(text);
    expect(index).toMatchObject({ size: text.length, lines: 1000 });
    expect(index.blocks).toHaveLength(4);
    index.blocks.forEach((offset, block) => {
      expect(text.slice(offset).startsWith(`line ${block * linesPerBlock}\n`)).toBe(true);
    });
  });

  it('is the same however the log comes in pieces', () => {
    const text = `${guix}\n${'\x1b[31mred\n'.repeat(600)}${'y'.repeat(200_000)}\n${guix}`;
    const whole = indexed(text);
    for (const pieceBytes of [1, 7, 100, 70_000]) {
      const again = indexed(text, pieceBytes);
      expect(again.index).toEqual(whole.index);
      expect(again.taken).toBe(text.length);
    }
  });

  it('goes on where it ended', () => {
    const text = `${guix}\n`.repeat(100);
    const first = indexed(text.slice(0, 20_000)).index;
    const second = new LineIndexer(first);
    second.take(bytes(text.slice(first.size)));
    expect(second.index).toEqual(indexed(text).index);
  });

  it('has its lines counted first, from wherever it ended', () => {
    const text = `${'x\n'.repeat(700)}${guix}\n`.repeat(3);
    for (const begun of [emptyIndex, indexed(text.slice(0, 2000)).index]) {
      const count = new LineCount(begun);
      for (let at = begun.size; at < text.length; at += 999) {
        count.take(bytes(text.slice(at, at + 999)));
      }
      const { size, lines, blocks } = indexed(text).index;
      expect(count.index).toMatchObject({ size, lines, blocks });
      expect(count.taken).toBe(text.length);
    }
  });

  it('knows how text looks, however many looks there are', () => {
    const looks = Array.from({ length: 10_000 }, (_, n) =>
      n % 3 === 0
        ? `38;2;${n % 256};${n >> 8};9`
        : n % 7 === 0
          ? `0000000000000;${n % 60}`
          : `${n % 110}`,
    );
    const { styles } = indexed(looks.map((look) => `\x1b[${look}m\x1b[31x\n`).join('')).index;
    let style = plainStyle;
    looks.forEach((look, at) => {
      if (at % linesPerBlock === 0) {
        expect(styles[at / linesPerBlock] ?? printStyle(plainStyle)).toBe(printStyle(style));
      }
      style = selected(style, look);
    });
  });

  it('tells the phases of Guix with their durations', () => {
    expect(indexed(guix).index.phases).toMatchObject([
      { name: 'unpack', from: 1, to: 3, seconds: 0.5, outcome: 'succeeded' },
      { name: 'build', from: 4, to: 8, seconds: 12, outcome: 'failed' },
    ]);
  });

  it('tells the phases of Nix, each until the next', () => {
    const text = [
      '@nix { "action": "setPhase", "phase": "unpackPhase" }',
      'Running phase: unpackPhase',
      'unpacking source archive',
      'Running phase: buildPhase',
      'cc -c x.c',
      '',
    ].join('\n');
    const { phases } = indexed(text).index;
    expect(phases).toMatchObject([
      { name: 'unpackPhase', from: 1, to: 3, toByte: text.indexOf('Running phase: buildPhase') },
      { name: 'buildPhase', from: 4, to: null, outcome: null },
    ]);
  });

  it('marks the lines that tell an error, each once', () => {
    expect(indexed(guix).index).toMatchObject({ errors: [5, 6, 7, 8], errorCount: 4 });
    const others = [
      'error[E0425]: cannot find value',
      "thread 'main' panicked at src/main.rs:1",
      'Traceback (most recent call last):',
      "ld: x.o: undefined reference to `y'",
      'FAIL: tests/one',
      'not ok 3 - it works',
      'fatal: not a git repository',
    ];
    for (const line of others)
      expect([line, indexed(`${line}\n`).index.errors]).toEqual([line, [1]]);
    for (const line of [
      'errors: 0',
      'checking for strerror... yes',
      'a ** b',
      'phase 2 of 3',
      'PASS: x',
    ]) {
      expect([line, indexed(`${line}\n`).index.errors]).toEqual([line, []]);
    }
  });

  it('knows how text looks where a block begins', () => {
    const { index } = indexed(`\x1b[1;38;5;200m${'x\n'.repeat(300)}\x1b[0m${'x\n'.repeat(300)}`);
    expect(index.styles).toEqual({ 1: '200,,1' });
  });

  it('is kept as bytes and read again; other bytes are no index', () => {
    const { index } = indexed(`\x1b[31m${guix}\n`.repeat(200));
    const kept = printIndex(index);
    expect(parseIndex(kept)).toEqual(index);
    expect(parseIndex(printIndex(emptyIndex))).toEqual(emptyIndex);
    expect(parseIndex(kept.subarray(0, kept.length - 1))).toBeNull();
    expect(parseIndex(bytes('{"version":0}\n'))).toBeNull();
    expect(parseIndex(bytes('null\n'))).toBeNull();
    expect(parseIndex(bytes(''))).toBeNull();
  });
});
