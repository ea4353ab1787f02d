/**
 * The simulator is worth what it catches: every fault of mutations.json, planted in the real code
 * while it loads, is caught by some seed.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

interface Mutation {
  readonly name: string;
  readonly sentence: string;
  readonly edits: readonly { readonly file: string; readonly find: string }[];
}

const here = join(process.cwd(), 'test', 'simulator');
const { mutations } = JSON.parse(readFileSync(join(here, 'mutations.json'), 'utf8')) as {
  mutations: Mutation[];
};
const seeds = 400;
const patience = 240_000;

/** The seed that catches it, or null. */
async function caughtBy(mutation: string): Promise<number | null> {
  const words = [join(here, 'simulate.mjs'), '--mutation', mutation, '--seeds', String(seeds)];
  const { stdout } = await promisify(execFile)(process.execPath, [...words, '--json'], {
    env: { ...process.env, NODE_OPTIONS: '' },
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  const told = JSON.parse(stdout) as { broken: { seed: number }[] };
  return told.broken[0]?.seed ?? null;
}

describe('a planted fault', () => {
  it.each(mutations)(
    '$name is caught: $sentence',
    async ({ name }) => {
      expect(await caughtBy(name)).not.toBeNull();
    },
    patience,
  );

  it.each(mutations)('$name has its snippet in the code', ({ edits }) => {
    for (const { file, find } of edits) {
      const found = readFileSync(join(process.cwd(), file), 'utf8').split(find).length - 1;
      expect(`${file}: ${found}`).toBe(`${file}: 1`);
    }
  });
});
