/**
 * What a supervisor that was killed may leave behind: a server still running on our data, or a lock
 * file whose process id now belongs to somebody else. The first is stopped, the second removed.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FarmFault } from '#std/farm-fault.js';

const patienceMillis = 20_000;

/** Returns when no server runs on the cluster; throws `program-failed` when one will not end. */
export async function endForgottenServer(cluster: string): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid < 2) return;
  if (!(await servesCluster(pid, cluster))) {
    await rm(lock, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + patienceMillis;
  while (await servesCluster(pid, cluster)) {
    if (performance.now() > deadline) {
      throw new FarmFault('program-failed', `process ${pid} still serves ${cluster}`, 'never');
    }
    await pause(50);
  }
}

/** Asked of the process's own command line, since a bare process id may have been used again. */
async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const words = command.split('\0');
  return (words[0] ?? '').includes('postgres') && words.includes(cluster);
}
