/**
 * Fuzzes, and says of each subject what it took, one line of JSON each. The bombs are tried as they
 * are, the other subjects with so many inputs each.
 *
 *     node --import ./test/simulator/loader.mjs test/fuzz/main.ts [--cases N] [--seed N] [NAME…]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bombs } from './bombs.js';
import { fuzz } from './fuzz.js';
import { subjects } from './subjects.js';

export interface KeptInput {
  readonly sentence: string;
  /** In base64. */
  readonly input: string;
}

const { values, positionals } = parseArgs({
  options: { cases: { type: 'string' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const kept = JSON.parse(readFileSync(new URL('./kept.json', import.meta.url), 'utf8')) as Record<
  string,
  readonly KeptInput[]
>;
const cases = Number(values.cases ?? 1000);
const seed = Number(values.seed ?? 1);
/** Milliseconds of processor time for a bomb, whose bytes are millions. */
const patienceMillis = 8000;

for (const { name } of subjects.filter(wanted)) {
  const inputs = (kept[name] ?? []).map((one) => one.input);
  tell(await fuzz({ subject: name, cases, seed, kept: inputs }));
}
for (const { name } of bombs.filter(wanted)) {
  tell(await fuzz({ subject: name, cases: 0, seed, kept: [], patienceMillis }));
}

function wanted({ name }: { readonly name: string }): boolean {
  return positionals.length === 0 || positionals.includes(name);
}

function tell(report: Awaited<ReturnType<typeof fuzz>>): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.broken) process.exitCode = 1;
}
