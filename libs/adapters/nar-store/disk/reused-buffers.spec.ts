import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyRange } from './reused-buffers.js';

const contents = Buffer.from(Uint32Array.from({ length: 400_000 }, (_, i) => i).buffer);
let directory: string;
let file: FileHandle;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-copy-'));
  await writeFile(join(directory, 'file'), contents);
  file = await open(join(directory, 'file'));
});
afterAll(async () => {
  await file.close();
  await rm(directory, { recursive: true });
});

async function copied(start: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let writers = 0;
  await copyRange(file.fd, { start, end }, async (bytes) => {
    // A writer that is slower than the reads must find in its piece what it was given.
    expect((writers += 1)).toBe(1);
    for (let i = 0; i < 5; i++) await file.stat();
    pieces.push(Buffer.from(bytes));
    writers -= 1;
  });
  return Buffer.concat(pieces);
}

describe('a copy through buffers that are used again', () => {
  it('gives each writer the bytes of its range, also many at a time', async () => {
    const ranges = [
      [0, contents.length],
      [1, 300_000],
      [700_001, 1_500_000],
      [5, 5],
    ] as const;
    const all = await Promise.all([...ranges, ...ranges].map(([from, to]) => copied(from, to)));
    all.forEach((bytes, i) => {
      const [from, to] = ranges[i % ranges.length]!;
      expect(bytes.equals(contents.subarray(from, to))).toBe(true);
    });
  });

  it('ends with what its writer, or a file that is too short, says', async () => {
    const broken = async (): Promise<void> => {
      throw new Error('gone');
    };
    const range = { start: 0, end: contents.length };
    await expect(copyRange(file.fd, range, broken)).rejects.toThrow('gone');
    await expect(copied(0, contents.length + 1)).rejects.toThrow('ends too soon');
  });
});
