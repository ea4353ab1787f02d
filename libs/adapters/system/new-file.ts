/** A file that is there with all its bytes or not at all, and never takes another's place. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Makes the file, readable by its owner alone. False when there is one already; of several who make
 * it at once, one succeeds, and the others can read it whole. `prepare` sees the file before it
 * bears its name. Throws the errors of the file system.
 */
export function makeFile(
  path: string,
  text: string,
  prepare: (staged: string) => void = () => undefined,
): boolean {
  const staged = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    fs.writeFileSync(staged, text, { mode: 0o600, flag: 'wx', flush: true });
    prepare(staged);
    fs.linkSync(staged, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(staged, { force: true });
  }
}
