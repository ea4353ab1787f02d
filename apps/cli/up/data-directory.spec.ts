import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataDirectory } from './data-directory.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-data-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const misconfigured = (why: RegExp): object => ({
  code: 'misconfigured',
  message: expect.stringMatching(why),
});

describe('a data directory', () => {
  it('is made with all that leads to it, and opened again', async () => {
    const path = join(directory, 'srv', 'farm');
    for (let time = 0; time < 2; time += 1) {
      const data = await openDataDirectory(path);
      expect(await readFile(join(path, 'up.pid'), 'utf8')).toBe(`${process.pid}\n`);
      await data.release();
    }
  });

  it('that cannot be made is told as such, where Node would try for ever', async () => {
    const refused = openDataDirectory('/proc/gambeson/farm');
    await expect(refused).rejects.toMatchObject(misconfigured(/kept in \/proc\/gambeson\/farm: /));
  });

  it('that is a file, or lies below one, is told as such', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'farm')]) {
      await expect(openDataDirectory(path)).rejects.toMatchObject(misconfigured(/kept in .*file/));
    }
  });
});
