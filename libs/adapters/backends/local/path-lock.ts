/**
 * A lock between processes of one machine: a file that names its holder. The lock of a process that
 * is gone is taken over, so that nothing is left to clean up after a crash.
 */
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { FarmFault } from '#std/farm-fault.js';

const attempts = 3000;
const pauseMilliseconds = 20;

export async function withPathLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  await take(path);
  try {
    return await act();
  } finally {
    fs.rmSync(path, { force: true });
  }
}

async function take(path: string): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    try {
      fs.writeFileSync(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
    if (isAbandoned(path)) fs.rmSync(path, { force: true });
    else await pause(pauseMilliseconds);
  }
  throw new FarmFault('file-unreadable', `the lock ${path} stays taken`, 'later');
}

/** An empty file is a holder that has not yet written its number, unless it is old. */
function isAbandoned(path: string): boolean {
  try {
    const pid = Number(fs.readFileSync(path, 'utf8'));
    if (!pid) return Date.now() - fs.statSync(path).mtimeMs > 5000;
    if (pid === process.pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
