import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Credentials } from './credentials.js';

describe('a credential', () => {
  let directory: string;
  let credentials: Credentials;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gambeson-credentials-'));
    credentials = new Credentials(directory);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const write = (name: string, text: string, mode = 0o600): Promise<void> =>
    writeFile(join(directory, name), text, { mode });

  it('is the text of its file, as it is now', async () => {
    await write('forge-token', 'first\n');
    expect(await credentials.read('forge-token')).toBe('first');
    await write('forge-token', 'second\n');
    expect(await credentials.read('forge-token')).toBe('second');
    expect(await credentials.fileOf('forge-token')).toBe(join(directory, 'forge-token'));
  });

  it('may be a link, as programs that unlock secrets make them', async () => {
    await write('unlocked', 'it');
    await symlink('unlocked', join(directory, 'linked'));
    expect(await credentials.read('linked')).toBe('it');
  });

  it.each([
    ['open', 'may be read by others; chmod 600 it'],
    ['absent', 'is not there'],
    ['blank', 'is empty'],
    ['folder', 'is no file'],
    ['long', 'is longer than 65536 bytes'],
    ['../open', 'has no proper name'],
    ['.hidden', 'has no proper name'],
    ['', 'has no proper name'],
  ])('%j is refused without a word of what it holds', async (name, why) => {
    await write('open', 'secret');
    await chmod(join(directory, 'open'), 0o640);
    await write('blank', ' \n');
    await write('long', 'x'.repeat(70_000));
    await mkdir(join(directory, 'folder'), { mode: 0o700 });
    await expect(credentials.read(name)).rejects.toMatchObject({
      code: 'misconfigured',
      message: `the credential ${name} ${why}`,
    });
  });
});
