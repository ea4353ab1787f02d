/** `gambeson pin`, `release` and `store gc` against a real api, beside a coordinator's loop. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Command } from 'commander';
import { sentenceOf } from '#std/farm-fault.js';
import { gcCommand } from '../../apps/cli/retention/gc-command.js';
import { pinCommand } from '../../apps/cli/retention/pin-command.js';
import { releaseCommand } from '../../apps/cli/retention/release-command.js';
import { garbageLoop } from '../../apps/coordinator/garbage-loop.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { pathOf } from './garbage-farm.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;

beforeAll(async () => {
  farm = await startApiFarm();
  const { database, logs } = farm.parts;
  seeded = await seedFarm(database, logs);
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, offered_at)
     select id, left(p, 32), p, 'sha256:x', 1, 'x.drv', now() - interval '1 year'
       from stores, unnest($1::text[]) p where slug = 'nix'`,
    [[pathOf('a'), pathOf('b')]],
  );
}, 60_000);
afterAll(async () => {
  await farm?.stop();
});

/** What the command writes to its output. */
async function run(command: Command, ...words: string[]): Promise<string> {
  const written: string[] = [];
  const hear = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const hush = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const { adminTokenFile } = farm.parts.settings;
  try {
    const reached = ['--farm', farm.address, '--admin-token-file', adminTokenFile];
    await command.parseAsync(['node', 'gambeson', ...words, ...reached]);
  } finally {
    hear.mockRestore();
    hush.mockRestore();
  }
  return written.join('');
}

/** A coordinator that looks all the time, until the command ends. */
async function collecting<T>(command: Promise<T>): Promise<T> {
  const loop = garbageLoop({ database: farm.parts.database, hours: 0 });
  const ending = new AbortController();
  const ended = command.finally(() => ending.abort());
  while (!ending.signal.aborted) await loop.pass(() => true);
  return ended;
}

describe('the commands of retention', () => {
  it('pin a path, list it, and remove the pin', async () => {
    const added = await run(pinCommand(), 'add', `/nix/store/${pathOf('a')}`, '--note', 'why');
    expect(added).toBe(
      'ID  STORE  EXPIRES  PATH                                           NOTE\n' +
        `1   nix    never    /nix/store/${pathOf('a')}  why\n`,
    );
    expect(await run(pinCommand(), 'list')).toBe(added);
    await run(pinCommand(), 'remove', '1');
    expect(JSON.parse(await run(pinCommand(), 'list', '--json'))).toEqual([]);
  });

  it('release an evaluation, and say in the farm’s words why not', async () => {
    const evaluation = String(seeded.evaluation);
    await run(releaseCommand(), 'create', '24.11', evaluation, '--expires', '2100-01-01');
    expect(await run(releaseCommand(), 'list', '24.11')).toMatch(
      /^1 +24\.11 +1 +demo +\S+ +2100-01-01T00:00$/m,
    );
    const refused = await run(releaseCommand(), 'create', 'x', '99').catch(sentenceOf);
    expect(refused).toBe('There is no evaluation 99.');
  });

  it('say what garbage would go, and let it go', async () => {
    const dry = await collecting(run(gcCommand(), '--dry-run'));
    expect(dry).toMatch(/^Of 3 paths looked at would go: 2 paths, 0 derivations/);
    const gone = await collecting(run(gcCommand(), '--free', '1G'));
    expect(gone).toMatch(
      /^Of 3 paths looked at went: 2 paths, 0 derivations.*\nThat frees 0 B\.$/m,
    );
    const told = JSON.parse(await run(gcCommand(), '--no-wait', '--json')) as object;
    expect(told).toMatchObject({ phase: 'waiting', dryRun: false, wantedBytes: null });
  });
});
