/**
 * Every reader of bytes from outside against inputs that are nearly right, and against those made
 * to exhaust it: some thousands in each run, more than 100,000 in the full one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { bombs } from './bombs.js';
import { faults } from './faulty.js';
import { fuzz } from './fuzz.js';
import { subjects } from './subjects.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const cases = isFull ? 10_000 : 150;
const patience = isFull ? 300_000 : 60_000;
const seed = 4;
const megabyte = 1024 ** 2;
const kept = JSON.parse(
  readFileSync(join(process.cwd(), 'test', 'fuzz', 'kept.json'), 'utf8'),
) as Record<string, readonly { readonly sentence: string; readonly input: string }[]>;

describe('whatever bytes come', () => {
  it.each(subjects.map(({ name }) => name))(
    '%s: they are taken or refused, soon and in bounded memory',
    async (subject) => {
      const inputs = (kept[subject] ?? []).map(({ input }) => input);
      const report = await fuzz({ subject, cases, seed, kept: inputs });
      expect(report.broken).toBeNull();
      expect(report.cases).toBeGreaterThanOrEqual(cases);
      // A fuzzer whose inputs are all refused at the first byte tries nothing.
      expect(report.accepted).toBeGreaterThan(0);
      expect(report.grownBytes).toBeLessThan(256 * megabyte);
    },
    patience,
  );
});

describe('bytes made to exhaust their reader', () => {
  it.each(bombs.map(({ name }) => name))(
    '%s: cost neither memory nor time',
    async (subject) => {
      const report = await fuzz({ subject, cases: 0, seed, kept: [], patienceMillis: 8000 });
      expect(report.broken).toBeNull();
      expect(report.cases).toBeGreaterThan(0);
      expect(report.grownBytes).toBeLessThan(700 * megabyte);
    },
    patience,
  );
});

describe('fuzzing finds', () => {
  it.each(faults.map(({ subject, told }) => [subject.name, told] as const))(
    '%s, and tells the input',
    async (subject, told) => {
      const wish = { cases: 200, seed, kept: [], standstillMillis: 3000, patienceMillis: 200 };
      const { broken } = await fuzz({ subject, ...wish });
      expect(broken?.message).toMatch(told);
      expect(Buffer.from(broken?.input ?? '', 'base64').toString()).toContain('evil');
    },
    patience,
  );
});
