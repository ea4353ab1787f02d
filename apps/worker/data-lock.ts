/** One worker agent per data directory: two would fight over its attempts. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { makeFile } from '#adapters/system/new-file.js';
import { isAlive, startTimeOf } from './attempt/processes.js';
import type { SupervisorIdentity } from './attempt/attempt-directory.js';
import { readJson } from './attempt/durable-file.js';

/** The process that uses the directory already; null when it is ours from now on. */
export function takeDataDirectory(data: string): SupervisorIdentity | null {
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  const file = join(data, 'agent.json');
  const own = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' });
  for (;;) {
    if (makeFile(file, own)) return null;
    const holder = readJson(file) as SupervisorIdentity | null;
    if (isAlive(holder)) return holder;
    fs.rmSync(file, { force: true });
  }
}
