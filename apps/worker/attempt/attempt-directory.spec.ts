import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AttemptDirectory } from './attempt-directory.js';

let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'gambeson-attempt-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const attempts = 2000;

/** Tells how many of the files it saw before they were whole. */
const onlooker = `
const { readFileSync } = require('node:fs');
const root = process.argv[1];
let halves = 0;
process.stdout.write('looks ');
for (let i = 0; i < ${attempts};) {
  let seen;
  try { seen = readFileSync(root + '/' + i + '/supervisor.json', 'utf8'); } catch { continue; }
  if (seen === '') halves += 1;
  i += 1;
}
process.stdout.write(String(halves));
`;

describe('the directory of an attempt', () => {
  it('is supervised by one process, the first that asks', () => {
    const directory = new AttemptDirectory(root);
    expect(directory.takeSupervision()).toBe(true);
    expect(directory.takeSupervision()).toBe(false);
    expect(directory.supervisor()?.pid).toBe(process.pid);
    expect(fs.readdirSync(root)).toEqual(['supervisor.json']);
  });

  it('never shows half a supervisor, for whom the attempt would be taken for dead', async () => {
    for (let i = 0; i < attempts; i += 1) fs.mkdirSync(join(root, String(i)));
    const child = spawn(process.execPath, ['-e', onlooker, root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'readable');
    for (let i = 0; i < attempts; i += 1) {
      new AttemptDirectory(join(root, String(i))).takeSupervision();
    }
    expect(await text(child.stdout)).toBe('looks 0');
  });
});
