import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
let directory = '';
afterEach(async () => {
  if (directory !== '') await rm(directory, { recursive: true });
  directory = '';
});

interface Told {
  readonly status: number;
  readonly text: string;
}

function audit(...words: string[]): Promise<Told> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'tools/audit.mjs'), ...words], (error, text) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, text });
    });
  });
}

describe('what the farm depends on', () => {
  it('is held to its bytes, may be used with our licence, and runs nothing unknown', async () => {
    expect(await audit('--offline')).toMatchObject({
      status: 0,
      text: expect.stringContaining('0 faults'),
    });
  });

  it('is found at fault where it is', async () => {
    directory = await mkdtemp(join(tmpdir(), 'gambeson-audit-'));
    await copyFile(join(root, 'package.json'), join(directory, 'package.json'));
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
    lock.packages['node_modules/ws'].integrity = undefined;
    lock.packages['node_modules/zod'].license = 'SSPL-1.0';
    lock.packages['node_modules/pg'].hasInstallScript = true;
    await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
    const { status, text } = await audit('--offline', directory);
    expect(status).toBe(1);
    expect(text).toContain('ws 8.23.0 has no integrity');
    expect(text).toContain('zod has the licence SSPL-1.0');
    expect(text).toContain('pg runs a script when it is installed');
  });

  it('says loudly when nobody could be asked for advisories', async () => {
    const { status, text } = await audit('--offline', '--strict');
    expect(status).toBe(2);
    expect(text).toContain('*** NOBODY WAS ASKED FOR ADVISORIES');
  });
});
