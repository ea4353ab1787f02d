/**
 * Signatures of Guix beside libgcrypt, which Guix uses, through Debian's guile-gcrypt: what either
 * signs is the same bytes, and what we sign is verified there as a client would. Without
 * guile-gcrypt on the machine these say so and are passed over.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  formatGuixSecretKey,
  generateGuixKey,
  parseGuixSecretKey,
  signDigest,
  signGuix,
  verifyDigest,
  type GuixSecretKey,
} from '#formats/guix-signature.js';
import { toHex } from '#formats/hash.js';
import { printGuixNarinfo, type Narinfo } from '#formats/narinfo.js';
import { parseSexp, printAdvanced } from '#formats/sexp.js';

const full = process.env['GAMBESON_TEST_FULL'] === '1';
/** Pairs of a key and a text. */
const pairs = full ? 6000 : 400;
const program = new URL('./guile/gcrypt-desk.scm', import.meta.url).pathname;
const fixtures = new URL('../fixtures/formats/guix/', import.meta.url);

const hex = (text: string | Uint8Array): string =>
  typeof text === 'string' ? Buffer.from(text, 'latin1').toString('hex') : toHex(text);
const unhex = (text: string): string => Buffer.from(text, 'hex').toString('latin1');

/** The answer to each question, in order. */
function askGcrypt(questions: readonly string[]): string[] {
  const input = `${questions.join('\n')}\n`;
  const run = spawnSync('guile', ['--no-auto-compile', program], { input, maxBuffer: 2 ** 28 });
  const lines = String(run.stdout).split('\n').slice(0, -1);
  if (lines.length === questions.length) return lines;
  throw new Error(`guile answered ${lines.length} of ${questions.length}: ${String(run.stderr)}`);
}

function gcryptIsThere(): boolean {
  const asked = spawnSync('guile', ['--no-auto-compile', '-c', '(use-modules (gcrypt pk-crypto))']);
  if (asked.status === 0) return true;
  process.stderr.write('PASSED OVER: all tests of signatures with libgcrypt, as it is missing\n');
  return false;
}

function readKey(text: string): GuixSecretKey {
  const read = parseGuixSecretKey(text);
  if (!read.ok) throw new Error(`${read.error.kind}: ${text}`);
  return read.value;
}

/** Keys of libgcrypt and of ours, and numbers at the edges of what a secret may be. */
function makeKeys(count: number): GuixSecretKey[] {
  const theirs = askGcrypt(Array.from({ length: count }, () => 'generate')).map((answer) =>
    readKey(unhex(answer)),
  );
  return [...theirs, ...Array.from({ length: count }, () => generateGuixKey())];
}

function makePairs(): { readonly key: GuixSecretKey; readonly digest: Uint8Array }[] {
  const keys = makeKeys(pairs / 40);
  const edges = [0x00, 0x01, 0x07, 0x08, 0x80, 0xff].map((byte) => new Uint8Array(32).fill(byte));
  return Array.from({ length: pairs }, (_, i) => ({
    key: keys[i % keys.length]!,
    digest: edges[i] ?? Uint8Array.from(randomBytes(32)),
  }));
}

const withGcrypt = gcryptIsThere() ? describe : describe.skip;

withGcrypt('signatures beside libgcrypt', () => {
  it('are the same bytes, whoever made the key, and each verifies those of the other', () => {
    const all = makePairs();
    const signed = all.map(({ key, digest }) => signDigest(key, digest));
    const asked = all.map(
      ({ key, digest }) => `sign ${hex(formatGuixSecretKey(key))} ${hex(digest)}`,
    );
    expect(askGcrypt(asked).map(unhex)).toEqual(signed);
    const toVerify = all.map(({ digest }, i) => `verify ${hex(signed[i]!)} ${hex(digest)}`);
    const verdicts = askGcrypt(toVerify);
    expect(toVerify.filter((_, i) => verdicts[i] !== 'good')).toEqual([]);
    for (const [i, { key, digest }] of all.entries()) {
      const bytes = Buffer.from(signed[i]!, 'latin1');
      expect(verifyDigest(bytes, digest, [key.publicKey]).ok).toBe(true);
    }
    // One in seven has a number of less than 32 bytes, which is written without leading zeros.
    expect(signed.some((text) => /\([rs] #[0-9A-F]{2,62}#\)/.test(text))).toBe(true);
  }, 300_000);

  it('that were tampered with are refused by both', () => {
    const tampered = makePairs()
      .slice(0, pairs / 4)
      .map(({ key, digest }) => ({ key, digest, text: flipped(signDigest(key, digest)) }));
    const verdicts = askGcrypt(
      tampered.map(({ digest, text }) => `verify ${hex(text)} ${hex(digest)}`),
    );
    expect(verdicts.filter((verdict) => verdict === 'good')).toEqual([]);
    for (const { key, digest, text } of tampered) {
      const bytes = Buffer.from(text, 'latin1');
      expect(verifyDigest(bytes, digest, [key.publicKey]).ok).toBe(false);
    }
  }, 300_000);
});

/** One digit of the digest, of a number or of the key is another. */
function flipped(text: string): string {
  const digits = [...text.matchAll(/#([0-9A-F]+)#/g)];
  const chosen = digits[randomBytes(1)[0]! % digits.length]!;
  const at = chosen.index + 1 + (randomBytes(1)[0]! % chosen[1]!.length);
  const digit = (Number.parseInt(text[at]!, 16) ^ 1).toString(16).toUpperCase();
  return text.slice(0, at) + digit + text.slice(at + 1);
}

const narinfo: Narinfo = {
  storePath: '/gnu/store/k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs-top-1.0',
  encodings: [{ url: 'nar/zstd/k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs-top-1.0', compression: 'zstd' }],
  narHash: 'sha256:1cpkns045dg5rpvcj4sjbyjm1aap39han3pkpakr9in1pd5zzwx8',
  narSize: 168,
  references: ['8i0sdngapnzzzcdqr6ry8dyfr4zwsrls-dep-1.0'],
  signatures: [],
};

withGcrypt('a narinfo, looked at by a Guile program as a client of Guix does', () => {
  const key = generateGuixKey();
  const urls = 'after-signature';
  const bare = printGuixNarinfo({ ...narinfo, encodings: [] }, { urls });
  const guixSignature = signGuix(key, 'farm.example.org', bare);
  const ours = printGuixNarinfo({ ...narinfo, guixSignature }, { urls });
  const verdictOf = (...texts: readonly string[]): string[] =>
    askGcrypt(texts.map((text) => `narinfo ${hex(text)}`));

  it('is good as the farm signs it, and as guix publish did', () => {
    const names = readdirSync(fixtures).filter((name) => name.endsWith('.narinfo'));
    const theirs = names.map((name) => readFileSync(new URL(name, fixtures), 'latin1'));
    expect(verdictOf(ours, ...theirs)).toEqual(Array(7).fill('good'));
    expect(verdictOf(ours.replace('URL: ', 'URL: https://mirror.example.org/'))).toEqual(['good']);
  });

  it('is refused with another hash, another size, other references, another path', () => {
    const changed = [
      ours.replace('NarHash: sha256:1', 'NarHash: sha256:0'),
      ours.replace('NarSize: 168', 'NarSize: 169'),
      ours.replace('-dep-1.0', '-dep-1.1'),
      ours.replace('-top-1.0\n', '-top-1.1\n'),
    ];
    expect(changed.every((text) => text !== ours)).toBe(true);
    expect(verdictOf(...changed)).toEqual(Array(4).fill('other'));
  });
});

withGcrypt('s-expressions beside libgcrypt', () => {
  it('have the same layout', () => {
    const atoms = ['a', '9', '#00FF#', '"two words"', '"\\n\\"\'\\\\"', 'x-y./_:*+=', '#80#'];
    const chance = (bound: number): number => randomBytes(1)[0]! % bound;
    const made = (depth: number): string => {
      if (depth === 0 || chance(3) === 0) return atoms[chance(atoms.length)]!;
      const items = Array.from({ length: 1 + chance(4) }, () => made(depth - 1));
      return `(a ${items.join(' ')})`;
    };
    const texts = Array.from({ length: pairs / 4 }, () => `(b ${made(5)} ${made(4)})`).map((text) =>
      text.replace(/ 9/g, ' "9"'),
    );
    const theirs = askGcrypt(texts.map((text) => `print ${hex(text)}`)).map(unhex);
    const ours = texts.map((text) => {
      const parsed = parseSexp(Buffer.from(text, 'latin1'));
      return parsed.ok ? printAdvanced(parsed.value) : parsed.error.kind;
    });
    expect(ours).toEqual(theirs);
  });
});
