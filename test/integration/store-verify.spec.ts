/** `gambeson store verify` against an api and a substituter over one database. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestPostgres } from '#testkit/postgres.js';
import { endBadly } from '../../apps/cli/exit-codes.js';
import { storeCommand } from '../../apps/cli/store/store-command.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import {
  onePiece,
  sampleNar,
  startTestSubstituter,
  type SampleNar,
  type TestSubstituter,
} from './substituter-harness.js';

let api: ApiFarm;
let farm: TestSubstituter;
const said: string[] = [];

beforeAll(async () => {
  api = await startApiFarm();
  const { url } = api.parts.database;
  const same = { url, freshDatabase: async () => ({ url, drop: async () => undefined }) };
  const quiet = { GAMBESON_SCRUB_MB_PER_SECOND: '0' };
  farm = await startTestSubstituter(same as unknown as TestPostgres, quiet);
  for (const sample of [sampleNar('a'), sampleNar('b', 500_000)]) await put(sample);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await api?.stop();
});
afterEach(() => {
  jest.restoreAllMocks();
  said.length = 0;
});

async function put(sample: SampleNar): Promise<void> {
  const { path, narHash, nar } = sample;
  await farm.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
  await farm.service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
}

/** Runs the command here; its exit status is the answer. */
async function verify(...words: string[]): Promise<number> {
  const write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation(write);
  }
  const token = join(api.parts.settings.dataDirectory, 'secrets', 'admin-token');
  const farmOptions = ['--farm', api.address, '--admin-token-file', token];
  const all = ['verify', ...farmOptions, ...words];
  await storeCommand().parseAsync(all, { from: 'user' }).catch(endBadly);
  const status = process.exitCode ?? 0;
  process.exitCode = 0;
  jest.restoreAllMocks();
  return Number(status);
}

async function rot(sample: SampleNar): Promise<void> {
  const [row] = await farm.database.query<{ file_key: string }>(
    `select n.file_key from nars n join store_paths p on p.id = n.path_id where p.path = $1`,
    [sample.path],
  );
  const key = row!.file_key;
  const file = join(farm.data, 'nars', 'files', key.slice(0, 2), key);
  const bytes = await readFile(file);
  bytes[20] = bytes[20]! ^ 1;
  await writeFile(file, bytes);
}

describe('gambeson store verify', () => {
  it('says that a whole store is whole', async () => {
    expect(await verify()).toBe(0);
    expect(said.join('')).toMatch(/^2 paths, 0(\.\d)? MB seen\n0 broken, 0 that refer/);
    expect(await verify('--sample', '50%', '--store', 'nix')).toBe(0);
    expect(said.join('')).toContain('(a sample of 50 %)');
  });

  it('names what is broken, takes it back when asked to, and tells both apart', async () => {
    const sample = sampleNar('b', 500_000);
    await rot(sample);
    expect(await verify()).toBe(1);
    expect(said.join('')).toContain(`nix: ${sample.path}: file-hash (`);
    expect(said.join('')).toContain('run it with --repair');
    said.length = 0;
    expect(await verify('--repair', '--json')).toBe(1);
    // The substituter's own log goes the same way.
    const lines = said
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { path: sample.path, store: 'nix', kind: 'file-hash', done: 'withdrawn', build: null },
      { repair: true, paths: 2, broken: 1, fault: null },
    ]);
    expect(await verify()).toBe(0);
    const integrity = await fetch(`${api.address}/api/v1/integrity`);
    expect(await integrity.json()).toMatchObject({ withdrawn: 1 });
  });

  it('says why it cannot be done', async () => {
    expect(await verify('--store', 'nowhere')).toBe(3);
    expect(said.join('')).toContain('There is no store nowhere.');
    expect(await verify('--sample', 'half')).toBe(2);
    const refused = await fetch(`${api.address}/api/v1/verifications`, { method: 'POST' });
    expect(refused.status).toBe(401);
    const findings = await fetch(`${api.address}/api/v1/integrity/findings`);
    expect(findings.status).toBe(401);
  });
});
