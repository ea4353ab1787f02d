/**
 * What people wish of workers, on the real farm: pause, drain, resume, remove; and the workers that
 * hold back by themselves or are not let in. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EnrolAnswer } from '#protocol/worker.js';
import { TestWorker } from './gateway-support.js';
import { RealFarm } from './worker-support/real-farm.js';

const run = promisify(execFile);
const quick = { name: 'quick', script: 'echo > $out' };

let farm: RealFarm;

beforeAll(async () => {
  farm = await RealFarm.start({ leaseSeconds: 3 });
}, 60_000);

afterAll(() => farm.stop(), 30_000);

async function scheduled(name: string, script = quick.script): Promise<string> {
  return (await farm.evaluate([{ name, script }])).get(name)!;
}

async function idOf(name: string): Promise<string> {
  return (await farm.inState(name, 'connected')).id;
}

async function waitsFor(build: string, reason: string): Promise<void> {
  await farm.until(`build ${build} to wait for ${reason}`, async () =>
    (await farm.build(build)).wait?.reason === reason ? true : null,
  );
}

describe('a wish without the admin token', () => {
  it('is refused', async () => {
    for (const [method, wish] of [
      ['POST', '/pause'],
      ['POST', '/drain'],
      ['POST', '/resume'],
      ['DELETE', ''],
    ] as const) {
      const answer = await fetch(`${farm.apis[0]!.address}/api/v1/workers/1${wish}`, { method });
      expect([method, wish, answer.status]).toEqual([method, wish, 401]);
    }
  });

  it('for a worker that is not there is answered with 404', async () => {
    for (const wish of ['/pause', '/drain', '/resume']) {
      expect((await farm.request('POST', `/api/v1/workers/4242${wish}`, {})).status).toBe(404);
    }
    expect((await farm.request('DELETE', '/api/v1/workers/4242')).status).toBe(404);
  });
});

describe('a pause', () => {
  it('gives no new builds, shows its note, and ends when somebody resumes the worker', async () => {
    const worker = await farm.worker('paused');
    const address = `/api/v1/workers/${await idOf('paused')}`;
    const answer = await farm.send('POST', `${address}/pause`, { note: 'a new fan' });
    expect(answer).toMatchObject({ state: 'paused', pauseNote: 'a new fan', pauseUntil: null });
    const build = await scheduled('waits-for-resume');
    await waitsFor(build, 'workers-paused');
    const page = await (await farm.request('GET', '/workers')).text();
    expect(page).toContain('a new fan');
    expect(await farm.send('POST', `${address}/resume`)).toMatchObject({
      state: 'connected',
      pauseNote: null,
    });
    await farm.is(build, 'succeeded');
    await worker.end();
  }, 60_000);

  it('with an end lifts by itself, and none can end before it begins', async () => {
    const worker = await farm.worker('resting');
    const address = `/api/v1/workers/${await idOf('resting')}`;
    const past = { until: new Date(Date.now() - 1000).toISOString() };
    expect((await farm.request('POST', `${address}/pause`, past)).status).toBe(422);
    const until = new Date(Date.now() + 4000).toISOString();
    await farm.send('POST', `${address}/pause`, { note: 'tea', until });
    const build = await scheduled('waits-for-the-end');
    expect(await farm.answerOf('resting')).toMatchObject({ state: 'paused', pauseUntil: until });
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts[0]!.createdAt > until).toBe(true);
    expect(await farm.inState('resting', 'connected')).toMatchObject({ pauseUntil: null });
    await worker.end();
  }, 60_000);
});

describe('a drain', () => {
  it('lets the worker end what it builds, and gives it nothing more', async () => {
    const worker = await farm.worker('drained', '--max-jobs', '2');
    const address = `/api/v1/workers/${await idOf('drained')}`;
    const running = await scheduled('drains', 'sleep 3; echo > $out');
    await farm.is(running, 'started');
    await farm.send('POST', `${address}/drain`, { note: 'to be moved' });
    expect(await farm.inState('drained', 'draining')).toMatchObject({ pauseNote: 'to be moved' });
    const next = await scheduled('comes-after');
    expect((await farm.is(running, 'succeeded')).attempts).toHaveLength(1);
    await waitsFor(next, 'workers-paused');
    expect(worker.output).toContain('to be moved');
    await farm.send('POST', `${address}/resume`);
    await farm.is(next, 'succeeded');
    await worker.end();
  }, 60_000);
});

describe('a worker that is removed', () => {
  it('is refused at once, stops what it builds, and others build it', async () => {
    const worker = await farm.worker('removed');
    const id = await idOf('removed');
    const build = await scheduled('handed-on', 'sleep 3; echo > $out');
    await farm.is(build, 'started');
    expect((await farm.request('DELETE', `/api/v1/workers/${id}`)).status).toBe(204);
    expect(await worker.ended).toBe(78);
    expect(fs.readdirSync(join(farm.dataOf('removed'), 'attempts'))).toEqual([]);
    expect((await farm.request('GET', `/api/v1/workers/${id}`)).status).toBe(404);
    const kept = join(farm.dataOf('removed'), 'credential.json');
    const { credential } = JSON.parse(fs.readFileSync(kept, 'utf8')) as EnrolAnswer;
    const [status] = await TestWorker.refusal(farm.apis[0]!.address, `Bearer ${credential}`);
    expect(status).toBe(403);
    expect(await (await farm.worker('removed')).ended).toBe(78);
    const other = await farm.worker('heir');
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts).toMatchObject([
      { number: 1, reason: 'handed-back', worker: { name: 'removed' } },
      { number: 2, status: 'succeeded', worker: { name: 'heir' } },
    ]);
    await other.end();
  }, 60_000);
});

describe('the disk guard', () => {
  it('holds builds back while too little is free, says so, and lifts by itself', async () => {
    const { bavail, bsize } = fs.statfsSync(farm.directory);
    const minDisk = bavail * bsize - 3 * 1024 ** 3;
    const ballast = join(farm.directory, 'ballast');
    const worker = await farm.worker('full', '--min-disk', String(minDisk));
    await farm.inState('full', 'connected');
    await run('fallocate', ['--length', '4GiB', ballast]);
    expect(await farm.inState('full', 'disk-guard')).toMatchObject({ minDisk });
    const build = await scheduled('waits-for-disk');
    await waitsFor(build, 'disk-guard');
    const page = await (await farm.request('GET', '/workers')).text();
    expect(page).toContain('disk-guard');
    fs.rmSync(ballast);
    await farm.is(build, 'succeeded');
    expect((await farm.inState('full', 'connected')).running).toEqual([]);
    expect(worker.output).toContain('claims nothing: only');
    await worker.end();
  }, 60_000);
});

describe('an agent of another age', () => {
  it('is told so, and shown as refused with the reason until it speaks our version', async () => {
    const { token } = await farm.send<{ token: string }>('POST', '/api/v1/workers/tokens');
    const enrolment = { token, name: 'ancient' };
    const { credential } = await farm.send<EnrolAnswer>('POST', '/api/v1/workers/enrol', enrolment);
    const ancient = await TestWorker.connect(farm.apis[0]!.address, credential);
    ancient.say({ type: 'hello', protocol: [999], systems: 'all of them' });
    expect(await ancient.hears('refused')).toMatchObject({ code: 'protocol-too-new' });
    expect(await ancient.closed).toBe(1008);
    const shown = await farm.inState('ancient', 'refused');
    expect(shown.refusal).toMatchObject({ code: 'protocol-too-new' });
    const page = await (await farm.request('GET', '/workers')).text();
    expect(page).toContain('upgrade the farm first');
    const upgraded = await TestWorker.connect(farm.apis[0]!.address, credential);
    await upgraded.hello({ protocol: [2] });
    upgraded.beat();
    expect(await farm.inState('ancient', 'connected')).toMatchObject({
      refusal: null,
      protocol: 2,
    });
    await upgraded.leave();
  }, 60_000);
});
