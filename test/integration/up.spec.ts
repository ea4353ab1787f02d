/**
 * One command: the whole farm comes up, builds its demo, stops without a trace and goes on again.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend } from '../../apps/cli/up/demo-channel.js';
import { endLiving, processesNaming, startUp, type UpLine } from './up-command.js';

/** What is not simply `succeeded`. */
const special: Readonly<Record<string, readonly [status: string, reason: string]>> = {
  failing: ['failed', 'builder-failed'],
  'failed-dependency': ['failed-dependency', 'dependency'],
  'failed-dependency-of-it': ['failed-dependency', 'dependency'],
  silent: ['failed', 'silent'],
  'over-its-time': ['failed', 'timed-out'],
  'missing-output': ['failed', 'output-missing'],
  'wrong-hash': ['failed', 'hash-mismatch'],
  'other-system': ['scheduled', 'no-worker-for-system'],
};

interface Job {
  readonly name: string;
  readonly status: string;
  readonly reason: string | null;
}

const able = await chooseBackend('auto');
const backends = able === 'nix' ? (['local', 'nix'] as const) : (['local'] as const);

afterEach(endLiving, 30_000);

describe.each(backends)('the demo on the %s backend', (backend) => {
  let data: string;

  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'gambeson-up-'));
    chmodSync(data, 0o755);
  });

  afterAll(() => rmSync(data, { recursive: true, force: true }));

  function jobsOf(settled: UpLine): Job[] {
    return settled['jobs'] as Job[];
  }

  it('ends with each job in its right status for its right reason', async () => {
    const up = await startUp(data, ['--until-settled', '--backend', backend]);
    const settled = await up.line('settled');
    const jobs = new Map(jobsOf(settled).map((job) => [job.name, job]));
    expect(jobs.size).toBe(60);
    for (const [name, [status, reason]] of Object.entries(special)) {
      expect([name, jobs.get(name)?.status, jobs.get(name)?.reason]).toEqual([
        name,
        status,
        reason,
      ]);
    }
    expect(jobs.get('evaluation-error')?.status).toBe('error');
    const others = [...jobs.values()].filter(({ name }) => !special[name]);
    const unlike = others.filter(({ status }) => status !== 'succeeded').map(({ name }) => name);
    expect(unlike).toEqual(['evaluation-error']);
    expect(await up.exited).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  }, 180_000);

  it('goes on with its data at the next start, without Redis, and stops at Ctrl-C', async () => {
    const up = await startUp(data, ['--backend', backend, '--no-redis']);
    const settled = await up.line('settled');
    expect(jobsOf(settled)).toHaveLength(60);
    expect(up.lines.some((line) => /lie in Postgres/.test(String(line['text'])))).toBe(true);
    up.child.kill('SIGINT');
    expect(await up.exited).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  }, 60_000);
});

describe('a demo that nobody can build', () => {
  let data: string;

  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'gambeson-up-'));
    chmodSync(data, 0o755);
  });

  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it('is not waited for', async () => {
    const up = await startUp(data, ['--until-settled', '--workers', '0', '--backend', 'local']);
    await up.line('up');
    expect(await up.exited).toBe(2);
    expect(up.complaints()).toMatch(/no worker is there/);
    expect(processesNaming(data)).toEqual([]);
  }, 90_000);
});
