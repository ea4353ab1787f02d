/**
 * The built worker agent against a farm that the test plays: real processes, sockets and
 * builds.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAttempt, processesOf } from '../../apps/worker/attempt/processes.js';
import { eventually } from '#testkit/eventually.js';
import { evaluateChannel } from './worker-support/channel.js';
import { FakeGateway } from './worker-support/fake-gateway.js';
import { TinySubstituter } from './worker-support/tiny-substituter.js';
import { WorkerProcess } from './worker-support/worker-process.js';

let substituter: TinySubstituter;
let farm: FakeGateway;
let data: string;
const workers: WorkerProcess[] = [];

beforeEach(async () => {
  substituter = new TinySubstituter();
  await substituter.start();
  farm = new FakeGateway(substituter);
  await farm.start();
  data = fs.mkdtempSync(join(tmpdir(), 'gambeson-worker-'));
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.end();
  for (const name of attemptsLeft()) killAttempt(join(data, 'attempts', name), null);
  await farm.stop();
  await substituter.stop();
  fs.rmSync(data, { recursive: true, force: true });
});

function startWorker(...options: string[]): WorkerProcess {
  if (!fs.existsSync(join(data, 'credential.json'))) {
    fs.writeFileSync(join(data, 'token'), 'one-time\n');
    farm.tokens.add('one-time');
  }
  const fixed = ['--farm', farm.address, '--data', data, '--token-file', join(data, 'token')];
  const usual = ['--name', 'tester', '--backends', 'local', '--systems', 'x86_64-linux'];
  const worker = new WorkerProcess([...fixed, ...usual, ...options]);
  workers.push(worker);
  return worker;
}

function attemptsLeft(): string[] {
  return fs.existsSync(join(data, 'attempts')) ? fs.readdirSync(join(data, 'attempts')) : [];
}

/** Whether any process of this machine has these words in its command line. */
function runs(words: string): boolean {
  return fs.readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return line === words;
    } catch {
      return false;
    }
  });
}

const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');

describe('a worker’s identity', () => {
  it('is earned once with a token, kept privately, and used ever after', async () => {
    const first = startWorker();
    await farm.until('a claim', () => farm.heard.some((m) => m.type === 'claim'));
    const file = join(data, 'credential.json');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    fs.rmSync(join(data, 'token'));
    const claims = farm.heard.length;
    startWorker();
    await farm.until('another claim', () =>
      farm.heard.slice(claims).some((m) => m.type === 'claim'),
    );
    expect(farm.tokens.size).toBe(0);
  });

  it('is refused in words when the token is not known', async () => {
    const worker = startWorker();
    farm.tokens.clear();
    expect(await worker.ended).toBe(1);
    expect(worker.output).toContain('The token is not known.');
  });
});

describe('builds', () => {
  it('are claimed never more than max-jobs at once, and are told their cores', async () => {
    const recipes = Array.from({ length: 6 }, (_, i) => ({
      name: `job-${i}`,
      script: 'echo cores $NIX_BUILD_CORES; sleep 0.2; echo done > $out',
    }));
    const channel = await evaluateChannel(recipes, substituter);
    for (const job of channel.jobs.values()) farm.offer(job);
    startWorker('--max-jobs', '2', '--cores', '3');
    await farm.until('six reports', () => farm.reports.length === 6);
    expect(farm.reports.map((report) => report.result.kind)).toEqual(Array(6).fill('succeeded'));
    expect(farm.mostAtOnce).toBe(2);
    expect(farm.log('1')).toBe('cores 3\n');
    expect([...substituter.tokensSeen]).toContain('Bearer token-of-1');
    await eventually('no attempt is left on disk', () => attemptsLeft().length === 0);
  });

  it('find what earlier builds made at the farm', async () => {
    const channel = await evaluateChannel(
      [
        { name: 'lib', script: 'echo 42 > $out' },
        { name: 'prog', inputs: ['lib'], script: 'cat $input_lib; ln -s $input_lib $out' },
      ],
      substituter,
    );
    startWorker();
    const lib = farm.offer(channel.jobs.get('lib')!);
    await farm.until('the library', () => farm.reportOf(lib) !== undefined);
    fs.rmSync(join(data, 'stores'), { recursive: true });
    const prog = farm.offer(channel.jobs.get('prog')!);
    await farm.until('the program', () => farm.reportOf(prog) !== undefined);
    const path = channel.jobs.get('lib')!.outputs.get('out')!.slice('/gambeson/store/'.length);
    expect(farm.reportOf(prog)!.result).toMatchObject({
      kind: 'succeeded',
      outputs: [{ name: 'out', references: [path] }],
    });
    expect(farm.log(prog)).toBe('42\n');
  });

  it('end with the reason that fits', async () => {
    const channel = await evaluateChannel(
      [
        { name: 'bad', script: 'exit 9' },
        { name: 'slow', script: 'echo; sleep 1000' },
        { name: 'arm', system: 'aarch64-linux', script: ':' },
        { name: 'needs', inputs: ['bad'], script: ':' },
      ],
      substituter,
    );
    startWorker('--max-jobs', '4', '--timeout', '1');
    const reason = async (name: string): Promise<unknown> => {
      const attempt = farm.offer(channel.jobs.get(name)!);
      await farm.until(`the end of ${name}`, () => farm.reportOf(attempt) !== undefined);
      return farm.reportOf(attempt)!.result;
    };
    expect(await reason('bad')).toMatchObject({ reason: 'builder-failed', exitCode: 9 });
    expect(await reason('slow')).toMatchObject({ reason: 'timed-out' });
    expect(await reason('arm')).toMatchObject({ reason: 'unsupported-system' });
    expect(await reason('needs')).toMatchObject({
      reason: 'input-missing',
      message: expect.stringContaining('bad') as unknown,
    });
    const unknown = {
      ...channel.jobs.get('bad')!,
      derivation: `/gambeson/store/${'0'.repeat(32)}-x.drv`,
    };
    const attempt = farm.offer(unknown);
    await farm.until('the unknown', () => farm.reportOf(attempt) !== undefined);
    expect(farm.reportOf(attempt)!.result).toMatchObject({ reason: 'input-missing' });
  });
});

describe('what the farm has not acknowledged', () => {
  it('is sent again: a log goes on where the farm stands after the socket is cut', async () => {
    const script = `
      i=0
      while [ $i -lt 3000 ]; do
        i=$((i+1)); echo line $i
        [ $((i%500)) = 0 ] && sleep 0.2
      done
      echo > $out`;
    const channel = await evaluateChannel([{ name: 'talk', script }], substituter);
    farm.settings.logWindowBytes = 2000;
    startWorker();
    const attempt = farm.offer(channel.jobs.get('talk')!);
    await farm.until('some log', () => farm.log(attempt).length > 3000);
    farm.cut();
    await farm.until('a new conversation', () => farm.conversations === 2);
    await farm.until('more log', () => farm.log(attempt).length > 12_000);
    farm.losesLogs = true;
    await farm.until('frames that are lost', () => farm.framesLost > 0);
    farm.cut();
    farm.losesLogs = false;
    await farm.until('the report', () => farm.reportOf(attempt) !== undefined);
    expect(farm.log(attempt)).toBe(lines(3000));
    expect(farm.reportOf(attempt)).toMatchObject({ logBytes: lines(3000).length });
  });

  it('is sent again: a report, until the farm says that it has it', async () => {
    const channel = await evaluateChannel([{ name: 'job', script: 'echo > $out' }], substituter);
    farm.settings.acknowledgeReports = false;
    startWorker();
    const attempt = farm.offer(channel.jobs.get('job')!);
    await farm.until('a report', () => farm.reports.length === 1);
    farm.cut();
    await farm.until('it again', () => farm.reports.length === 2);
    expect(attemptsLeft()).toEqual([attempt]);
    expect(farm.reports[1]).toEqual(farm.reports[0]);
    farm.acknowledge(farm.reports[1]!);
    await eventually('the attempt is forgotten', () => attemptsLeft().length === 0);
  });

  it('is uploaded again when the substituter comes back', async () => {
    const script = 'sleep 0.5; echo > $out';
    const channel = await evaluateChannel([{ name: 'job', script }], substituter);
    startWorker();
    const attempt = farm.offer(channel.jobs.get('job')!);
    const started = (): boolean => farm.heard.some((m) => m.type === 'started');
    await farm.until('the builder', started);
    substituter.down = true;
    const beats = (): number => farm.heard.filter((m) => m.type === 'heartbeat').length;
    const before = beats();
    await farm.until('some heartbeats', () => beats() > before + 4);
    expect(farm.reports).toEqual([]);
    substituter.down = false;
    await farm.until('the report', () => farm.reportOf(attempt) !== undefined);
    expect(farm.reportOf(attempt)!.result.kind).toBe('succeeded');
  });
});

describe('a worker that is asked to stop', () => {
  it('finishes what runs, claims nothing more, and exits well', async () => {
    const channel = await evaluateChannel(
      [
        { name: 'running', script: 'sleep 1.5; echo > $out' },
        { name: 'next', script: 'echo > $out' },
      ],
      substituter,
    );
    const worker = startWorker('--max-jobs', '2');
    const attempt = farm.offer(channel.jobs.get('running')!);
    await farm.until('the builder', () => farm.heard.some((m) => m.type === 'started'));
    worker.signal('SIGTERM');
    await farm.until('a conversation without claims', () => farm.conversations === 2);
    const before = farm.heard.length;
    farm.offer(channel.jobs.get('next')!);
    expect(await worker.ended).toBe(0);
    const after = farm.heard.slice(before).map((message) => message.type);
    expect(after).toContain('heartbeat');
    expect(after).not.toContain('claim');
    expect(farm.reports.map((report) => report.attempt)).toEqual([attempt]);
    expect(farm.reports[0]!.result.kind).toBe('succeeded');
  });

  it('hands its builds back when it is asked twice', async () => {
    const channel = await evaluateChannel([{ name: 'long', script: 'sleep 43211' }], substituter);
    const worker = startWorker();
    const attempt = farm.offer(channel.jobs.get('long')!);
    await farm.until('the builder', () => farm.heard.some((m) => m.type === 'started'));
    await eventually('the builder’s child', () => runs('sleep 43211'));
    worker.signal('SIGTERM');
    await eventually('draining', () => worker.output.includes('drains'));
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    expect(farm.reportOf(attempt)!.result).toMatchObject({ kind: 'failed', reason: 'handed-back' });
    expect(runs('sleep 43211')).toBe(false);
  });
});

describe('a canceled attempt', () => {
  it('ends within 5 s with its whole process group', async () => {
    const script = 'trap "" TERM; sleep 43212 & setsid sleep 43213 & sleep 43214';
    const channel = await evaluateChannel([{ name: 'long', script }], substituter);
    startWorker();
    const attempt = farm.offer(channel.jobs.get('long')!);
    const all = ['sleep 43212', 'sleep 43213', 'sleep 43214'];
    await eventually('three processes', () => all.every(runs));
    const asked = performance.now();
    farm.cancel(attempt, 'nobody needs it');
    await farm.until('its report', () => farm.reportOf(attempt) !== undefined);
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(all.some(runs)).toBe(false);
    expect(farm.reportOf(attempt)!.result).toEqual({
      kind: 'canceled',
      message: 'nobody needs it',
    });
  });
});

describe('an agent that dies', () => {
  it('finds its running build again when it is started anew', async () => {
    const script = 'echo one; sleep 2; echo two; echo > $out';
    const channel = await evaluateChannel([{ name: 'long', script }], substituter);
    const worker = startWorker();
    const attempt = farm.offer(channel.jobs.get('long')!);
    await farm.until('its first line', () => farm.log(attempt) === 'one\n');
    worker.signal('SIGKILL');
    await worker.ended;
    const before = farm.heard.length;
    startWorker();
    await farm.until('the report', () => farm.reportOf(attempt) !== undefined);
    const hello = farm.heard[before];
    expect(hello).toMatchObject({ type: 'hello', attempts: [{ attempt, slot: 0 }] });
    expect(farm.log(attempt)).toBe('one\ntwo\n');
    expect(farm.reportOf(attempt)!.result.kind).toBe('succeeded');
    expect(farm.given).toHaveLength(1);
  });

  it('is outlived by its builds for one lease only', async () => {
    farm.settings.leaseSeconds = 1;
    const channel = await evaluateChannel([{ name: 'long', script: 'sleep 43215' }], substituter);
    const worker = startWorker();
    const attempt = farm.offer(channel.jobs.get('long')!);
    await eventually('the builder’s child', () => runs('sleep 43215'));
    const beats = (): number => farm.heard.filter((m) => m.type === 'heartbeat').length;
    const before = beats();
    await farm.until('more than a lease of heartbeats', () => beats() > before + 5);
    expect(runs('sleep 43215')).toBe(true);
    worker.signal('SIGKILL');
    await worker.ended;
    await eventually('the end of the build', () => !runs('sleep 43215'), 5000);
    const directory = join(data, 'attempts', attempt);
    await eventually('the end of all', () => processesOf(directory, null).length === 0);
    const result = JSON.parse(fs.readFileSync(join(directory, 'result.json'), 'utf8')) as unknown;
    expect(result).toMatchObject({ kind: 'failed', reason: 'infrastructure' });
  });

  it('forgets an attempt that the farm gave to another worker meanwhile', async () => {
    const channel = await evaluateChannel([{ name: 'long', script: 'sleep 43216' }], substituter);
    const worker = startWorker();
    const attempt = farm.offer(channel.jobs.get('long')!);
    await eventually('the builder’s child', () => runs('sleep 43216'));
    worker.signal('SIGKILL');
    await worker.ended;
    farm.settings.lost = [attempt];
    startWorker();
    await eventually('the end of the build', () => !runs('sleep 43216'));
    await eventually('an empty directory', () => attemptsLeft().length === 0);
    expect(farm.reports).toEqual([]);
  });
});
