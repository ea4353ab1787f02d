/** Packs of real derivations, by the client that evaluator and worker use. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import { encodePack, type PackedDerivation } from '#formats/derivation-pack.js';
import { sha256, toHex } from '#formats/hash.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { raw, startTestSubstituter, type TestSubstituter } from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;
let files: PackedDerivation[] = [];

beforeAll(async () => {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = join(here, '..', 'fixtures', 'formats', 'guix', 'drv');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.drv'));
  files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  );
  expect(files.length).toBeGreaterThan(5);
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

describe('a pack of derivations', () => {
  it('is found by each derivation that was ingested with it', async () => {
    const answer = await farm.service.putPack('guix', files);
    expect(answer.derivations).toBe(files.length);
    expect((await farm.service.putPack('guix', files)).pack).toBe(answer.pack);
    const name = files[3]!.name;
    expect(await farm.service.getPack('guix', name)).toBeNull();
    await ingested(name, Number(answer.pack));
    const found = await farm.service.getPack('guix', name);
    expect(found?.map((file) => file.name)).toEqual(files.map((file) => file.name));
    expect(found?.every((file, i) => Buffer.compare(file.bytes, files[i]!.bytes) === 0)).toBe(true);
  });

  it('whose files do not own their paths is refused', async () => {
    const [first, second] = files;
    const swapped = [{ name: first!.name, bytes: second!.bytes }];
    await expect(farm.service.putPack('guix', swapped)).rejects.toMatchObject({
      code: 'upload-refused',
      cause: { status: 422, type: 'urn:gambeson:problem:not-a-derivation' },
    });
    // The paths of derivations hold their store's directory.
    await expect(farm.service.putPack('nix', files)).rejects.toMatchObject({
      cause: { status: 422 },
    });
  });

  it('may come plain, and must have the hash of its name', async () => {
    const pack = encodePack(files.slice(0, 2));
    const put = (hash: string): ReturnType<typeof raw> =>
      raw(`${farm.address}/guix/derivations/packs/${hash}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${farm.serviceToken}` },
        body: pack,
      });
    expect((await put(toHex(sha256(pack)))).status).toBe(201);
    const refused = await put('0'.repeat(64));
    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ actual: toHex(sha256(pack)) });
  });

  it('is taken from services alone', async () => {
    const attempt = new SubstituterClient(farm.address, await farm.lease(81, 60));
    await expect(attempt.putPack('guix', files)).rejects.toMatchObject({ cause: { status: 403 } });
    const nobody = new SubstituterClient(farm.address);
    await expect(nobody.putPack('guix', files)).rejects.toMatchObject({ cause: { status: 401 } });
  });

  it('that was lost is a miss until it is put again', async () => {
    const some = files.slice(4, 6);
    const { pack } = await farm.service.putPack('guix', some);
    await ingested(some[0]!.name, Number(pack));
    const hash = toHex(sha256(encodePack(some)));
    await rm(join(farm.data, 'nars', 'packs', hash.slice(0, 2), `${hash}.pack.zst`));
    expect(await farm.service.getPack('guix', some[0]!.name)).toBeNull();
    await farm.service.putPack('guix', some);
    expect(await farm.service.getPack('guix', some[0]!.name)).toHaveLength(2);
  });
});

async function ingested(path: string, pack: number): Promise<void> {
  await farm.database.query(
    `insert into derivations (store_id, path, name, package_name, system, pack_id)
     select id, $1, 'x', 'x', 'x86_64-linux', $2 from stores where slug = 'guix'`,
    [path, pack],
  );
}
