/**
 * Evaluation rooms as directories below one, named by evaluation and process, so that what a killed
 * process left behind can be swept by the next.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import type { EvaluationId } from '#domain/ids.js';
import type { EvaluationRoom, EvaluationRooms } from '#application/ports/evaluation-rooms.js';

export class DiskEvaluationRooms implements EvaluationRooms {
  constructor(private readonly directory: string) {}

  async open(evaluation: EvaluationId): Promise<EvaluationRoom> {
    await mkdir(this.directory, { recursive: true });
    const room = await mkdtemp(join(this.directory, `${evaluation}.${process.pid}.`));
    // The sandbox's user must be able to pass through to the checkouts.
    await chmod(room, 0o755);
    const workDirectory = join(room, 'work');
    await mkdir(workDirectory);
    await mkdir(join(room, 'checkouts'));
    await mkdir(join(room, 'repositories'));
    return {
      workDirectory,
      checkoutOf: (channel) => join(room, 'checkouts', channel),
      repositoryOf: (channel) => join(room, 'repositories', channel),
      close: () => removeTree(room),
    };
  }

  /** Removes the rooms of processes that live no more. Call it before opening any. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.directory).catch(() => [])) {
      const pid = Number(name.split('.')[1]);
      const ours = Number.isSafeInteger(pid) && pid > 0;
      if (ours && (pid === process.pid || !lives(pid)))
        await removeTree(join(this.directory, name));
    }
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Checkouts are read-only, which keeps anyone but root from removing them. */
async function removeTree(directory: string): Promise<void> {
  const child = spawn('chmod', ['-R', 'u+rwX', '--', directory], { stdio: 'ignore' });
  await once(child, 'close').catch(() => undefined);
  await rm(directory, { recursive: true, force: true }).catch((cause: unknown) => {
    throw new FarmFault('file-unreadable', `cannot remove ${directory}`, 'later', { cause });
  });
}
