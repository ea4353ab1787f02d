import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptAnswers, type Limits } from './kept-answers.js';

let directory: string;
let kept: KeptAnswers;
let noted: string[];
let warned: string[];
const roomy: Limits = { entries: 100_000, fileBytes: 1 << 30, memoryBytes: 1 << 20 };
const store = { id: 7, slug: 'nix' };
const hashPart = (number: number): string => String(number).padStart(32, '0');
const bytesOf = (number: number): Buffer =>
  Buffer.from(`answer ${number} `.repeat(100 + (number % 50)));

async function open(limits: Limits, where = directory): Promise<void> {
  [noted, warned] = [[], []];
  kept = await KeptAnswers.open(limits, {
    directory: where,
    noteRead: (id, part) => noted.push(`${id}/${part}`) > 0,
    warn: (sentence) => void warned.push(sentence),
  });
  kept.doubtAll();
}

function keep(number: number, bytes = bytesOf(number), digest = 1): void {
  kept.keep({ store, hashPart: hashPart(number) }, { answer: bytes, digest, fresh: true });
}

const peek = (number: number): Buffer | null =>
  kept.peek(store.id, `/nix/${hashPart(number)}.narinfo`, 5);
const find = (number: number): Promise<unknown> => kept.find({ store, hashPart: hashPart(number) });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-kept-'));
});
afterEach(async () => {
  await kept.close();
  await rm(directory, { recursive: true });
});

describe('answers that are kept', () => {
  it('are found again, most of them on the disk, and leave no file behind', async () => {
    await open(roomy);
    for (let i = 0; i < 5000; i++) {
      keep(i);
      // What comes faster than the disk takes it is not kept.
      if (i % 500 === 0) await kept.settled();
    }
    for (let i = 0; i < 5000; i++) {
      // A disk that is slow just now is asked the long way.
      const bytes = peek(i) ?? (await kept.find({ store, hashPart: hashPart(i) }))?.answer;
      if (!bytes?.equals(bytesOf(i))) throw new Error(`answer ${i} is not what was kept`);
    }
    expect([peek(5000), kept.entries]).toEqual([null, 5000]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('are forgotten one by one, and by store', async () => {
    await open(roomy);
    [1, 2].forEach((number) => keep(number));
    kept.forget({ store, hashPart: hashPart(1) });
    expect([peek(1), await find(1), peek(2) === null]).toEqual([null, null, false]);
    kept.forgetStore(8);
    expect(peek(2)).not.toBeNull();
    kept.forgetStore(7);
    expect([peek(2), await find(2)]).toEqual([null, null]);
  });

  it('that are doubted are only told with that word, until they are kept again', async () => {
    await open(roomy);
    keep(1);
    kept.doubtAll();
    expect(peek(1)).toBeNull();
    expect(await find(1)).toEqual({ answer: bytesOf(1), digest: 1, fresh: false });
    keep(1);
    expect(peek(1)).toEqual(bytesOf(1));
    keep(1, bytesOf(9), 2);
    expect(peek(1)).toEqual(bytesOf(9));
  });

  it('give way in the order of their last use, and are bounded', async () => {
    await open({ ...roomy, entries: 1000 });
    for (let i = 0; i < 10_000; i++) {
      keep(i);
      await find(0);
      if (i % 500 === 0) await kept.settled();
    }
    expect(kept.entries).toBeLessThan(2500);
    expect([peek(0), peek(9999)].map((bytes) => bytes !== null)).toEqual([true, true]);
    expect(await find(5)).toBeNull();
  });

  it('are noted as read once an hour', async () => {
    await open(roomy);
    keep(1);
    peek(1);
    peek(1);
    expect(noted).toEqual([`7/${hashPart(1)}`]);
  });

  it('stay in memory where no file can be made, and that is said', async () => {
    await writeFile(join(directory, 'file'), '');
    await open({ ...roomy, memoryBytes: 0 }, join(directory, 'file'));
    for (let i = 0; i < 2000; i++) keep(i);
    expect(warned).toEqual(['narinfos are held in memory alone']);
    expect([peek(1999), peek(0)]).toEqual([bytesOf(1999), null]);
    keep(0);
    expect(peek(0)).toEqual(bytesOf(0));
  });
});
