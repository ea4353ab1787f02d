import { describe, expect, it } from '@jest/globals';
import type { Disk } from '#application/ports/disk-store.js';
import { eventually } from '#testkit/eventually.js';
import { diskSpace, DiskWatch } from './disk-watch.js';

const mebibyte = 1024 ** 2;

describe('a watch over a disk', () => {
  it('tells when it becomes short and when it is roomy again, and tells the farm', async () => {
    let free = 500 * mebibyte;
    const heard: string[] = [];
    const told: Disk[] = [];
    const watch = new DiskWatch({
      directory: '/',
      place: 'the nar store',
      name: 'substituter/one',
      bounds: { softBytes: 100 * mebibyte, hardBytes: 10 * mebibyte },
      store: { tell: async (disk) => void told.push(disk) },
      announce: (sentence, level) => void heard.push(`${level}: ${sentence}`),
      spaceOf: async () => ({ free, total: 1000 * mebibyte }),
      lookMilliseconds: 1,
    });
    await watch.start();
    expect(watch.level).toBe('roomy');
    free = 9 * mebibyte;
    await eventually('it is hard', () => watch.level === 'hard');
    free = 99 * mebibyte;
    await eventually('it is soft', () => watch.level === 'soft');
    free = 200 * mebibyte;
    await eventually('it is roomy', () => watch.level === 'roomy');
    await watch.stop();
    expect(told.map((disk) => disk.level)).toEqual(['roomy', 'hard', 'soft', 'roomy']);
    expect(heard).toEqual([
      'hard: 9 of 1000 MiB are free for the nar store: nothing is taken in until there is more',
      expect.stringMatching(/^soft: 99 of .* nothing new is evaluated until there is more$/),
      'roomy: 200 of 1000 MiB are free for the nar store: everything goes on',
    ]);
  });

  it('reads what the file system says', async () => {
    const { free, total } = await diskSpace('/');
    expect(free).toBeGreaterThanOrEqual(0);
    expect(total).toBeGreaterThan(free);
  });
});
