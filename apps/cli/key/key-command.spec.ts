import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  formatGuixSecretKey,
  generateGuixKey,
  parseGuixPublicKey,
} from '#formats/guix-signature.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixPublicKey,
} from '#formats/nix-signature.js';
import { keyCommand } from './key-command.js';

let root = '';
let told = '';
let remarks = '';

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'gambeson-key-'));
  told = '';
  remarks = '';
  // Of this test alone: a farm may lie where the tests are run.
  process.env['GAMBESON_DATA'] = root;
});

afterEach(() => {
  delete process.env['GAMBESON_DATA'];
  fs.rmSync(root, { recursive: true });
});

const keys = (): string => join(root, 'keys');
const secretOf = (slug: string, name: string): string =>
  fs.readFileSync(join(keys(), slug, `${name}.sec`), 'utf8');

/** What standard output got of one call. */
async function key(...args: readonly string[]): Promise<string> {
  told = '';
  const command = keyCommand({
    tell: (text) => void (told += text),
    remark: (sentence) => void (remarks += `${sentence}\n`),
  });
  await command.parseAsync([...args, '--directory', keys()], { from: 'user' });
  return told;
}

function write(name: string, text: string): string {
  fs.writeFileSync(join(root, name), text);
  return join(root, name);
}

describe('key generate', () => {
  it('makes a key of Nix in a closed file, and prints its public half alone', async () => {
    const printed = await key('generate', '--store', 'nix', '--name', 'farm.example.org-1');
    expect(printed).toMatch(/^farm\.example\.org-1:[A-Za-z0-9+/]{43}=\n$/);
    expect(parseNixPublicKey(printed).ok).toBe(true);
    const path = join(keys(), 'nix', 'farm.example.org-1.sec');
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(fs.statSync(join(keys(), 'nix')).mode & 0o777).toBe(0o700);
    expect(remarks).toBe(`wrote ${path}\n`);
    expect(fs.readdirSync(join(keys(), 'nix'))).toEqual(['farm.example.org-1.sec']);
  });

  it('makes one of Guix for its store, and for another that says so', async () => {
    for (const more of [
      ['--store', 'guix'],
      ['--store', 'mine', '--dialect', 'guix'],
    ]) {
      expect(parseGuixPublicKey(await key('generate', ...more, '--name', 'farm-1')).ok).toBe(true);
    }
    expect(parseGuixPublicKey(await key('generate', '--store', 'mine', '--name', 'b')).ok).toBe(
      true,
    );
    await expect(key('generate', '--store', 'other', '--name', 'a')).rejects.toThrow('--dialect');
  });

  it('never overwrites', async () => {
    await key('generate', '--store', 'nix', '--name', 'farm-1');
    const before = secretOf('nix', 'farm-1');
    await expect(key('generate', '--store', 'nix', '--name', 'farm-1')).rejects.toThrow(
      'already has a key farm-1; nothing is changed',
    );
    expect(secretOf('nix', 'farm-1')).toBe(before);
  });

  it('takes no name that is a path', async () => {
    for (const name of ['../farm', '.farm', 'a/b', 'a:b', '', 'a b']) {
      await expect(key('generate', '--store', 'nix', '--name', name)).rejects.toThrow('name a key');
    }
    await expect(key('generate', '--store', '../nix', '--name', 'a')).rejects.toThrow('of a store');
  });
});

describe('key import', () => {
  it('keeps the keys that clients trust already', async () => {
    const nix = generateNixKey('cache.example.org-1');
    const file = write('nix.sec', `${formatNixSecretKey(nix)}\n`);
    expect(await key('import', file, '--store', 'nix')).toBe(
      `${formatNixPublicKey(nix.publicKey())}\n`,
    );
    expect(secretOf('nix', 'cache.example.org-1')).toBe(fs.readFileSync(file, 'utf8'));
    const guix = formatGuixSecretKey(generateGuixKey());
    await key('import', write('guix.sec', guix), '--store', 'guix', '--name', 'old-farm');
    expect(secretOf('guix', 'old-farm')).toBe(guix);
    expect(fs.statSync(join(keys(), 'guix', 'old-farm.sec')).mode & 0o777).toBe(0o600);
  });

  it('names file, line and reason of what is no key, and never its text', async () => {
    const guix = formatGuixSecretKey(generateGuixKey());
    const secret = /\(d #([0-9A-F]{40})/.exec(guix)?.[1] ?? '';
    const cases: [string, string][] = [
      ['', 'line 1: the file is empty'],
      ['farm-1:AAAA', 'line 1: what follows the colon is not base 64'],
      ['AAAA', 'line 1: no name and colon'],
      [guix.replace('(d #', '(d #F'), 'line 5: digits between # and #'],
      [guix.replace('(d #', '(d #00'), 'line 5: d is missing, or not a number of at most 32 bytes'],
      [guix.replace('Ed25519', 'Ed448'), 'line 3: the curve is not Ed25519'],
      [guix.replace(' (ecc', ' (rsa'), 'line 2: it is a key of RSA'],
      [guix.slice(0, -4), 'line 6: the text ends within a list'],
      [`${guix})`, 'line 8: something follows the key'],
      [guix.replace('private-key', 'public-key'), 'line 1: it is a public key'],
      [guix.replace(/\(q .*\)/, `(q #${'02'.repeat(32)}#)`), 'line 4: q is not a point'],
    ];
    for (const [text, sentence] of cases) {
      const file = write('bad.sec', text);
      const fault = await key('import', file, '--store', 'guix').catch((error: Error) => error);
      const message = fault instanceof Error ? fault.message : 'accepted';
      expect(message).toContain(`${file}, ${sentence}`);
      expect(message).not.toContain(secret);
    }
    expect(fs.existsSync(keys())).toBe(false);
  });

  it('refuses a key of the other world, and a name that is not the key’s', async () => {
    const file = write('nix.sec', formatNixSecretKey(generateNixKey('farm-1')));
    await expect(key('import', file, '--store', 'guix')).rejects.toThrow('speaks guix');
    await expect(key('import', file, '--store', 'nix', '--name', 'b')).rejects.toThrow('--name');
    await expect(key('import', join(root, 'gone'), '--store', 'nix')).rejects.toThrow(
      'cannot read',
    );
  });
});

describe('key list and key public', () => {
  it('tell which keys sign, and what clients trust', async () => {
    await key('generate', '--store', 'nix', '--name', 'farm-1');
    await key('generate', '--store', 'nix', '--name', 'farm-2');
    const first = await key('generate', '--store', 'guix', '--name', 'farm-1');
    await key('generate', '--store', 'guix', '--name', 'farm-2');
    await key('use', 'farm-1', '--store', 'guix');
    expect(await key('public', '--store', 'guix')).toBe(first);
    expect((await key('public', '--store', 'nix')).trim().split('\n')).toHaveLength(2);
    expect(await key('public', '--store', 'nix', '--name', 'farm-1')).toMatch(/^farm-1:\S+\n$/);
    const listed = (await key('list')).trim().split('\n');
    expect(listed.map((line) => line.split('  ').slice(0, 4).join(' '))).toEqual([
      'guix farm-1 guix signs',
      'guix farm-2 guix rests',
      'nix farm-2 nix signs',
      'nix farm-1 nix signs',
    ]);
    const secrets = ['guix/farm-1', 'guix/farm-2', 'nix/farm-1', 'nix/farm-2'].map((name) => {
      const [slug = '', file = ''] = name.split('/');
      const text = secretOf(slug, file);
      return /\(d #([0-9A-F]+)#/.exec(text)?.[1] ?? text.split(':')[1]!.slice(0, 40);
    });
    const shown = `${listed.join('\n')}${await key('list', '--json')}`;
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it('tell of the key that the substituter made at its first start', async () => {
    const made = generateNixKey('gambeson-0a1b2c3d-1');
    fs.mkdirSync(join(root, 'secrets'));
    write('secrets/signing-key.sec', `${formatNixSecretKey(made)}\n`);
    const publicKey = formatNixPublicKey(made.publicKey());
    expect(await key('public', '--store', 'nix')).toBe(`${publicKey}\n`);
    expect(await key('list')).toBe(`nix  made-at-first-start  nix  signs  ${publicKey}\n`);
    await key('generate', '--store', 'nix', '--name', 'farm-2');
    await key('use', 'made-at-first-start', '--store', 'nix');
    expect((await key('public', '--store', 'nix')).split('\n')[0]).toBe(publicKey);
  });

  it('tell of a file that holds no key', async () => {
    await key('generate', '--store', 'nix', '--name', 'farm-1');
    fs.writeFileSync(join(keys(), 'nix', 'bad.sec'), 'nonsense', { mode: 0o600 });
    expect(await key('list', '--store', 'nix')).toMatch(/nix {2}bad {2}\? {2}unusable {2}.*line 1/);
    await expect(key('public', '--store', 'guix')).rejects.toThrow('has no key');
    await expect(key('use', 'gone', '--store', 'nix')).rejects.toThrow('no key gone');
  });
});
