/**
 * Small files that are whole or not there, whatever dies in between; readable by their owner
 * alone.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** Writes aside, forces to disk, renames. */
export function writeAtomically(path: string, text: string): void {
  const aside = `${path}.${process.pid}.new`;
  const fd = fs.openSync(aside, 'w', 0o600);
  try {
    fs.writeSync(fd, text);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(aside, path);
  const directory = fs.openSync(dirname(path), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

/** Null when there is none; a file that is not JSON counts as none, since ours are always whole. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
