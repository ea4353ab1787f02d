/** A short disk, on a real substituter and its Postgres. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { diskSpace } from '#adapters/system/disk-watch.js';
import { FarmFault } from '#std/farm-fault.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  // More than any disk has.
  farm = await startTestSubstituter(postgres, { GAMBESON_DISK_HARD_MB: '1e12' });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

describe('a substituter whose disk is short', () => {
  it('takes nothing in, says why before the body is sent, and when to try again', async () => {
    const sample = sampleNar('a');
    const answer = await raw(`${farm.address}/nix/uploads/${sample.path}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${farm.serviceToken}`,
        'content-type': 'application/zstd',
      },
      body: sample.compressed,
    });
    expect(answer).toMatchObject({ status: 507, continued: false });
    expect(answer.headers['retry-after']).toBe('30');
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      type: 'urn:gambeson:problem:disk-guard',
      detail: expect.stringMatching(/too short/),
    });
  });

  it('makes workers and evaluators wait, since it is nobody else’s fault', async () => {
    const sample = sampleNar('a');
    const upload = { slug: 'nix', path: sample.path, nar: onePiece(sample.nar) };
    const fault = await farm.service.putNar(upload).catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(FarmFault);
    expect(fault).toMatchObject({ code: 'substituter-unavailable', retry: 'later' });
    const packing = farm.service.putPack('nix', []);
    await expect(packing).rejects.toMatchObject({ code: 'substituter-unavailable' });
  });

  it('goes on serving, and refuses what it always refuses in the same words', async () => {
    expect((await raw(`${farm.address}/nix-cache-info`)).status).toBe(200);
    expect((await raw(`${farm.address}/readyz`)).status).toBe(200);
    const put = await raw(`${farm.address}/nix-cache-info`, { method: 'PUT' });
    expect(put.status).toBe(405);
  });

  it('tells the farm', async () => {
    const [disk] = await new PostgresDiskStore(farm.database).short();
    const { total } = await diskSpace(farm.data);
    expect(disk).toMatchObject({ place: 'the nar store', level: 'hard', totalBytes: total });
  });
});
