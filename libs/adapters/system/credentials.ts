/**
 * What the farm shows to others: tokens, passwords, secrets of signatures, keys of ssh. Rows and
 * specifications name them; each is a file of that name in one directory, for its owner alone.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const othersMayRead = 0o077;
const longest = 64 * 1024;

/**
 * Every call looks at the disk, so that a changed file counts at once. Throws FarmFault
 * `misconfigured`; its message names the credential, never the directory nor what is in it.
 */
export class Credentials {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = resolve(directory);
  }

  /** The text without white space around it; never empty. */
  async read(name: string): Promise<string> {
    const text = (await this.bytesOf(name)).toString('utf8').trim();
    if (text === '') throw refused(name, 'is empty');
    return text;
  }

  /** The file itself, for programs that read it on their own: keys of ssh. */
  async fileOf(name: string): Promise<string> {
    await this.bytesOf(name);
    return join(this.directory, name);
  }

  private async bytesOf(name: string): Promise<Buffer> {
    if (!namePattern.test(name)) throw refused(name.slice(0, 63), 'has no proper name');
    // A fifo put in its place would never answer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = await open(join(this.directory, name), flags).catch((error: unknown) => {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw refused(name, absent ? 'is not there' : 'cannot be read', error);
    });
    try {
      await refuseOddFile(name, file);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }
}

async function refuseOddFile(name: string, file: FileHandle): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw refused(name, 'is no file');
  if ((found.mode & othersMayRead) !== 0) {
    throw refused(name, 'may be read by others; chmod 600 it');
  }
  if (found.size > longest) throw refused(name, `is longer than ${longest} bytes`);
}

function refused(name: string, why: string, cause?: unknown): FarmFault {
  return new FarmFault('misconfigured', `the credential ${name} ${why}`, 'later', { cause });
}
