/**
 * `npm run simulate`: runs seeds of the simulator, on fakes or on real Postgres, and says how each
 * that breaks a promise is run again.
 */
import { parseArgs } from 'node:util';
import { sentenceOf } from '#std/farm-fault.js';
import { openSubjects } from './subjects.js';
import { runSeed, type SeedResult } from './run-seed.js';

const help = `Simulates a whole farm under faults: the real use cases, on a database in memory
(or on real Postgres), in virtual time, with chance drawn from a seed.

  npm run simulate -- [options]

  --seeds N         how many seeds to run (default 100)
  --seed S          the first of them (default 1)
  --steps N         gives a seed up after so many events (default 200000)
  --mutation NAME   plants a fault of test/simulator/mutations.json in the real code, and
                    succeeds when a seed catches it
  --postgres        on real Postgres instead of the fakes: slower, the same seeds
  --trace           prints all that happened (best with one seed)
  --json            one line of JSON at the end instead of sentences
  --help

Examples:
  npm run simulate -- --seeds 2000
  npm run simulate -- --seed 17 --seeds 1 --trace
  npm run simulate -- --mutation no-fence --seeds 100
`;

interface Wish {
  readonly first: number;
  readonly count: number;
  readonly steps: number;
  readonly postgres: boolean;
  readonly trace: boolean;
  readonly json: boolean;
  readonly mutation: string | null;
}

interface Tally {
  readonly seeds: number;
  readonly steps: number;
  readonly attempts: number;
  readonly virtualSeconds: number;
  readonly milliseconds: number;
  readonly broken: readonly { readonly seed: number; readonly sentence: string }[];
}

const progressMilliseconds = 2000;
const toldAtMost = 10;

function wishOf(args: readonly string[]): Wish | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '200000' },
      mutation: { type: 'string' },
      postgres: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    first: wholeNumber('seed', values.seed),
    count: wholeNumber('seeds', values.seeds),
    steps: wholeNumber('steps', values.steps),
    postgres: values.postgres,
    trace: values.trace,
    json: values.json,
    mutation: process.env.GAMBESON_MUTATION ?? null,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} wants a whole number from 1 on, not ${text}`);
}

/** A planted fault ends the run with the first seed that catches it. */
async function simulate(wish: Wish): Promise<Tally> {
  const subjects = await openSubjects(wish.postgres);
  const begun = performance.now();
  const progress = progressOf(wish);
  const sum = { seeds: 0, steps: 0, attempts: 0, virtualSeconds: 0 };
  const broken: { seed: number; sentence: string }[] = [];
  try {
    for (let seed = wish.first; seed < wish.first + wish.count; seed += 1) {
      const subject = await subjects.open();
      const options = { seed, subject, keepTrace: wish.trace, stepsAtMost: wish.steps };
      const result = await runSeed(options).finally(() => subject.close());
      add(sum, result);
      if (wish.trace) process.stdout.write(`${result.trace.join('\n')}\n`);
      if (result.broken) broken.push({ seed, sentence: result.broken.message });
      if (result.broken && !wish.json && broken.length <= toldAtMost) tellBroken(wish, result);
      if (result.broken && wish.mutation) break;
      progress(sum.seeds);
    }
  } finally {
    await subjects.close();
  }
  return { ...sum, milliseconds: performance.now() - begun, broken };
}

function add(
  sum: { -readonly [K in keyof Omit<Tally, 'milliseconds' | 'broken'>]: number },
  result: SeedResult,
): void {
  sum.seeds += 1;
  sum.steps += result.steps;
  sum.attempts += result.attempts;
  sum.virtualSeconds += result.virtualSeconds;
}

function tellBroken(wish: Wish, { seed, broken }: SeedResult): void {
  const mutation = wish.mutation ? ` --mutation ${wish.mutation}` : '';
  const flags = `${wish.postgres ? ' --postgres' : ''}${mutation}`;
  process.stdout.write(`seed ${seed} breaks a promise: ${broken?.message}\n`);
  process.stdout.write(`  again: npm run simulate -- --seed ${seed} --seeds 1 --trace${flags}\n`);
}

function progressOf(wish: Wish): (done: number) => void {
  let told = performance.now();
  return (done) => {
    if (performance.now() - told < progressMilliseconds) return;
    told = performance.now();
    process.stderr.write(`${done} of ${wish.count} seeds\n`);
  };
}

function tell(wish: Wish, tally: Tally): void {
  if (wish.json) {
    process.stdout.write(`${JSON.stringify({ mutation: wish.mutation, ...tally })}\n`);
    return;
  }
  const seconds = (tally.milliseconds / 1000).toFixed(1);
  const hours = (tally.virtualSeconds / 3600).toFixed(1);
  process.stdout.write(
    `${tally.seeds} seeds, ${tally.steps} events, ${tally.attempts} attempts, ` +
      `${hours} virtual hours in ${seconds} s: ${tally.broken.length} broken\n`,
  );
  const [caught] = tally.broken;
  if (!wish.mutation) return;
  process.stdout.write(
    caught
      ? `${wish.mutation} is caught by seed ${caught.seed}\n`
      : `${wish.mutation} is NOT caught\n`,
  );
}

try {
  const wish = wishOf(process.argv.slice(2));
  if (!wish) process.stdout.write(help);
  else {
    const tally = await simulate(wish);
    tell(wish, tally);
    const isGood = wish.mutation ? tally.broken.length > 0 : tally.broken.length === 0;
    process.exitCode = isGood ? 0 : 1;
  }
} catch (error) {
  process.stderr.write(`simulate: ${sentenceOf(error)}\n`);
  process.exitCode = 2;
}
