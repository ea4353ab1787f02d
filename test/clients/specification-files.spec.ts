/**
 * Printed specification files beside the real Guile: it reads and evaluates them, and what they
 * come to there is what went in. Without Guile on the machine this says so and is passed over.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { printSpecificationFile } from '#adapters/specification-files/print-file.js';
import { readSpecificationFiles } from '#adapters/specification-files/specification-file.js';
import { specificationInputs } from '#testkit/specification-values.js';
import type { SpecificationInput } from '#protocol/specification.js';

const full = process.env['GAMBESON_TEST_FULL'] === '1';
const count = full ? 900 : 60;
const program = new URL('./guile/specification-desk.scm', import.meta.url).pathname;
const examples = new URL('../fixtures/specifications/examples/', import.meta.url).pathname;

function guileIsThere(): boolean {
  if (spawnSync('guile', ['--version']).status === 0) return true;
  process.stderr.write('PASSED OVER: specification files read by Guile, as it is missing\n');
  return false;
}

/** What a file comes to for Guile, as a file again. */
function throughGuile(input: string): string {
  const run = spawnSync('guile', ['--no-auto-compile', program], { input, maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(String(run.stderr));
  return String(run.stdout);
}

function specificationsOf(text: string): readonly SpecificationInput[] {
  const { specifications, faults } = readSpecificationFiles([{ name: 'farm.scm', text }]);
  expect(faults).toEqual([]);
  return specifications;
}

const withGuile = guileIsThere() ? describe : describe.skip;

withGuile('printed specification files', () => {
  it('mean to Guile what they mean to the farm', () => {
    const files = readdirSync(examples).map((name) => {
      return { name, text: readFileSync(join(examples, name), 'utf8') };
    });
    const several = fc.uniqueArray(specificationInputs, {
      ...{ minLength: count, maxLength: count, selector: (one) => one.name },
    });
    const [made = []] = fc.sample(several, 1);
    for (const specifications of [readSpecificationFiles(files).specifications, made]) {
      const printed = printSpecificationFile(specifications, 'scm');
      expect(specificationsOf(throughGuile(printed))).toEqual(specifications);
    }
  });
});
