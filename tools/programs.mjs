/** Starting other programs from the tools: argument vectors only, output passed through. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of a program on the PATH, or null. `except` leaves out a directory. */
export function findProgram(name, except = null) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (directory === '' || (except !== null && directory.startsWith(except))) continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this directory; the next may have it.
    }
  }
  return null;
}

/** Runs to the end; true when it exited with 0. `quiet` shows its words only when it failed. */
export function run(program, parameters, options = {}) {
  const { quiet = false, environment = {} } = options;
  const done = spawnSync(program, parameters, {
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  const good = done.status === 0;
  if (!good && quiet) process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  if (done.error) process.stderr.write(`${program}: ${done.error.message}\n`);
  return good;
}
