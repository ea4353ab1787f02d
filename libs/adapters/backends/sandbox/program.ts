/** Where programs lie. They are run by absolute path and argument list, never through a shell. */
import { accessSync, constants, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';

/** Looked at after `PATH`, which a service may have short. */
const usualDirectories = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The path of a program in `directory`, or in `PATH` and the usual places; null when missing. */
export function lookForProgram(name: string, directory?: string): string | null {
  const path = (process.env['PATH'] ?? '').split(':').filter(isAbsolute);
  const places = directory === undefined ? [...path, ...usualDirectories] : [directory];
  return places.map((place) => join(place, name)).find(isExecutable) ?? null;
}

/** Throws FarmFault `program-missing` with the name of what to install. */
export function findProgram(name: string, directory?: string): string {
  const found = lookForProgram(name, directory);
  if (found !== null) return found;
  const where = directory ?? 'PATH';
  throw new FarmFault('program-missing', `the program ${name} is not in ${where}`, 'never');
}

/**
 * The argument list of a program that is asked to end when its parent dies, so that a build stops
 * with whoever watches it. Where setpriv is missing the program goes on, within its own limits.
 */
export function endingWithParent(argv: readonly string[]): string[] {
  const setpriv = lookForProgram('setpriv');
  return setpriv === null ? [...argv] : [setpriv, '--pdeathsig', 'TERM', '--', ...argv];
}

/** Where a program lies once links are followed. */
export function realProgram(path: string): string {
  return realpathSync(path);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
