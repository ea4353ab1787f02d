import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { narStoreConformance } from '#testkit/conformance/nar-store.js';
import { DiskNarStore } from './disk-nar-store.js';

narStoreConformance('on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-nars-'));
  const staging = join(directory, 'staging');
  return {
    store: new DiskNarStore(directory),
    truncate: (key, size) => truncate(join(directory, 'files', key.slice(0, 2), key), size),
    staged: () => readdir(staging),
    async abandon(name) {
      const old = new Date(Date.now() - 7_200_000);
      await writeFile(join(staging, name), 'x');
      await utimes(join(staging, name), old, old);
    },
    quarantined: () => readdir(join(directory, 'quarantine')),
    stop: () => rm(directory, { recursive: true }),
  };
});
