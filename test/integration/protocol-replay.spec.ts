/**
 * Agents and farms of every version that was ever recorded go on working with those of today: their
 * sides of real conversations, played to today's gateway and to today's agent.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnrolAnswer } from '#protocol/worker.js';
import { evaluateChannel } from './worker-support/channel.js';
import { RealFarm } from './worker-support/real-farm.js';
import { RecordedFarm } from './worker-support/recorded-farm.js';
import { recordedRecipes } from './worker-support/recorded-run.js';
import { RecordedWorker } from './worker-support/recorded-worker.js';
import { fieldsOf, kindOf, recordings } from './worker-support/recordings.js';
import { TinySubstituter } from './worker-support/tiny-substituter.js';
import { WorkerProcess } from './worker-support/worker-process.js';

const kept = recordings();
const wholeLogs = { works: 'one\ntwo\n', fails: 'about to fail\n', hangs: 'begins\n' };

it('every version that we speak was recorded', () => {
  expect(kept.map(({ version }) => version)).toEqual([1, 2]);
});

describe.each(kept)('an agent of version $version', (recording) => {
  let farm: RealFarm;

  beforeAll(async () => {
    farm = await RealFarm.start({ leaseSeconds: 3 });
  }, 60_000);

  afterAll(() => farm.stop(), 30_000);

  it('builds for a farm of today, to the end of every attempt', async () => {
    const { token } = await farm.send<{ token: string }>('POST', '/api/v1/workers/tokens');
    const enrolment = { token, name: 'recorded' };
    const { credential } = EnrolAnswer.parse(
      await farm.send('POST', '/api/v1/workers/enrol', enrolment),
    );
    const builds = await farm.evaluate(recordedRecipes);
    const worker = new RecordedWorker(recording, {
      address: farm.apis[0]!.address,
      credential,
      async uploaded(attempt, outputs) {
        for (const { path, narHash } of outputs) {
          await farm.database.execute(
            `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression,
                                  file_hash, file_size, file_key)
             values (3, $2, 'attempt-' || $1, $3, 288, 'zstd', 'sha256:f', 4, 'f')`,
            [attempt, path, narHash],
          );
        }
      },
      async cancel(attempt) {
        await farm.database.execute(
          `update leases set cancel_reason = 'nobody needs it' where attempt_id = $1`,
          [attempt],
        );
      },
    });
    await worker.play();
    const statuses = { works: 'succeeded', fails: 'failed', hangs: 'canceled' } as const;
    for (const name of ['works', 'fails', 'hangs'] as const) {
      const build = await farm.build(builds.get(name)!);
      expect([name, build.status]).toEqual([name, statuses[name]]);
      expect(build.attempts).toHaveLength(1);
      expect(await farm.logOf(build.id)).toBe(wholeLogs[name]);
    }
    expect((await farm.answerOf('recorded'))!.protocol).toBe(recording.version);
    const knows = fieldsOf(recording, 'farm');
    expect(worker.surplus.map(kindOf).filter((kind) => !knows.has(kind))).toEqual([]);
  }, 60_000);
});

describe.each(kept)('a farm of version $version', (recording) => {
  let substituter: TinySubstituter;
  let farm: RecordedFarm;
  let worker: WorkerProcess;
  let data: string;

  afterEach(async () => {
    await worker.end();
    await farm.stop();
    await substituter.stop();
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('is served by an agent of today, which says nothing that the farm does not know', async () => {
    substituter = new TinySubstituter();
    await substituter.start();
    await evaluateChannel(recordedRecipes, substituter);
    farm = new RecordedFarm(recording, substituter);
    data = fs.mkdtempSync(join(tmpdir(), 'gambeson-worker-'));
    fs.writeFileSync(join(data, 'token'), 'one-time\n');
    worker = new WorkerProcess([
      ...['--farm', await farm.start(), '--data', data, '--token-file', join(data, 'token')],
      ...['--name', 'recorded', '--backends', 'local', '--systems', 'x86_64-linux'],
      ...['--max-jobs', '3'],
    ]);
    await farm.play();
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    const logs = [...farm.logs.values()].map(String).sort();
    expect(logs).toEqual(Object.values(wholeLogs).sort());
    const known = fieldsOf(recording, 'worker');
    for (const message of farm.said) {
      const fields = [...(known.get(kindOf(message)) ?? [])];
      expect([message.type, fields]).toEqual([
        message.type,
        expect.arrayContaining(Object.keys(message)),
      ]);
    }
  }, 60_000);
});
