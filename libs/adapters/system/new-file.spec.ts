import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFile } from './new-file.js';

describe('a new file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'new-file-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is not there under its name before it is whole', () => {
    const path = join(directory, 'token');
    const made = makeFile(path, 'whole\n', (staged) => {
      expect(readdirSync(directory)).not.toContain('token');
      expect(readFileSync(staged, 'utf8')).toBe('whole\n');
    });
    expect(made).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('whole\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['token']);
  });

  it('leaves the one that is there already', () => {
    const path = join(directory, 'token');
    writeFileSync(path, 'first');
    expect(makeFile(path, 'second')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(directory)).toEqual(['token']);
  });

  it('that cannot be made is an error, and nothing stays', () => {
    const refuse = () => {
      throw new Error('not his');
    };
    expect(() => makeFile(join(directory, 'token'), 'x', refuse)).toThrow('not his');
    expect(() => makeFile(join(directory, 'none', 'token'), 'x')).toThrow('ENOENT');
    expect(readdirSync(directory)).toEqual([]);
  });
});
