import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { never, type Cancellation } from '#std/cancellation.js';
import { runBounded, startBounded, type BoundedCommand } from './bounded-process.js';
import { endingWithParent, findProgram } from './program.js';
import { residentBytes } from './process-tree.js';

const soon = (milliseconds = 20_000): number => performance.now() + milliseconds;

function shell(script: string, more: Partial<BoundedCommand> = {}): BoundedCommand {
  return {
    argv: [findProgram('sh'), '-c', script],
    environment: { PATH: '/usr/bin:/bin' },
    deadline: soon(),
    cancellation: never,
    ...more,
  };
}

describe('a bounded process', () => {
  it('gets its input and only the environment that it is given', async () => {
    process.env['FARM_SECRET'] = 'secret';
    const ending = await runBounded(shell('cat; env', { input: 'given\n' }));
    expect([ending.code, ending.endedFor]).toEqual([0, null]);
    expect(ending.stdout).toMatch(/^given\n/);
    expect(ending.stdout).not.toContain('secret');
  });

  it('is killed at its deadline with all that it started', async () => {
    const script = 'sleep 100 & echo $!; wait';
    const ending = await runBounded(shell(script, { deadline: soon(300) }));
    expect(ending.endedFor).toBe('time');
    expect(residentBytes(Number(ending.stdout))).toBe(0);
  });

  it('leaves nobody of its group behind when it ends by itself', async () => {
    const ending = await runBounded(shell('sleep 100 & echo $!'));
    expect([ending.code, residentBytes(Number(ending.stdout))]).toEqual([0, 0]);
  });

  it('is killed when its tree holds more memory than its bound', async () => {
    const eater = `${process.execPath} -e 'const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))'`;
    const ending = await runBounded(shell(`${eater}; true`, { memoryBytes: 3e8 }));
    expect(ending.endedFor).toBe('memory');
  });

  it('is killed when it ignores the request to end', async () => {
    const controller = new AbortController();
    const cancellation: Cancellation = controller.signal;
    const child = startBounded(
      shell("trap '' TERM; echo ready; while :; do sleep 1; done", {
        cancellation,
        graceMilliseconds: 100,
      }),
    );
    child.stdout.once('data', () => controller.abort());
    child.stderr.resume();
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL', endedFor: 'canceled' });
  });

  it('ends with its parent, when asked to', async () => {
    const argv = JSON.stringify(endingWithParent([findProgram('sleep'), '100']));
    const script = `const c = require('child_process').spawn(${argv}[0], ${argv}.slice(1),
        { detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
      c.once('spawn', () => console.log(c.pid)); setInterval(() => {}, 1000);`;
    const parent = startBounded(shell('', { argv: [process.execPath, '-e', script] }));
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(said.toString());
    expect(residentBytes(child)).toBeGreaterThan(0);
    process.kill(parent.pid, 'SIGKILL');
    parent.stdout.resume();
    parent.stderr.resume();
    // Both hold the same standard error, which closes only when both are gone.
    await parent.ended;
    expect(residentBytes(child)).toBe(0);
  });

  it('tells when it cannot be started', async () => {
    const ending = await runBounded(shell('', { argv: ['/nowhere/program'] }));
    expect(ending.startError).toContain('ENOENT');
  });
});
