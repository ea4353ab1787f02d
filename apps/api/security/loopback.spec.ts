import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isLoopback, requireAdminToken } from './loopback.js';

describe('the admin token', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'admin-token-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is made at first start for its owner alone, and stays', async () => {
    const file = join(directory, 'secrets', 'admin-token');
    const token = await requireAdminToken(file, '127.0.0.1');
    expect(token.length).toBeGreaterThan(40);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await requireAdminToken(file, '0.0.0.0')).toBe(token);
    expect((await readFile(file, 'utf8')).trim()).toBe(token);
  });

  it('that can be neither read nor made keeps the farm from starting', async () => {
    const inFile = join(directory, 'plain');
    await writeFile(inFile, '');
    const impossible = join(inFile, 'admin-token');
    await expect(requireAdminToken(impossible, '0.0.0.0')).rejects.toThrow(
      /admin-token can be neither read nor made .*; it is needed to listen on 0\.0\.0\.0/,
    );
  });

  it('that is empty or short is none', async () => {
    const file = join(directory, 'admin-token');
    await writeFile(file, 'short\n');
    await expect(requireAdminToken(file, '127.0.0.1')).rejects.toThrow('shorter than 16');
  });
});

describe('a loopback address', () => {
  it('is one that no other machine reaches', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].map(isLoopback)).not.toContain(false);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.org'].map(isLoopback)).not.toContain(true);
  });
});
