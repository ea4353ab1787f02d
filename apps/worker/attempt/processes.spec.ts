import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { attemptMark, isAlive, killAttempt, processesOf, startTimeOf } from './processes.js';

describe('the processes of an attempt', () => {
  it('are found and killed though they left their session and their parents are gone', async () => {
    const directory = `/nowhere/attempt-${process.pid}`;
    const script = 'setsid sh -c "trap \'\' TERM; sleep 54321 & echo ready; sleep 54322" & wait';
    const child = spawn('/bin/sh', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], [attemptMark]: directory },
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processesOf(directory, null).length).toBeGreaterThanOrEqual(2);
    killAttempt(directory, null);
    expect(processesOf(directory, null)).toEqual([]);
  });

  it('are not taken for later ones of the same number', () => {
    const startTime = startTimeOf(process.pid)!;
    expect(isAlive({ pid: process.pid, startTime })).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
    expect(isAlive(null)).toBe(false);
  });
});
