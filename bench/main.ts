/**
 * `npm run bench`: every figure as a ratio against a floor measured in the same run.
 */
import { Command, InvalidArgumentError } from 'commander';
import { hold, type Contest, type Outcome } from './contest.js';
import { cancelReport } from './cancel.js';
import { claimLatency, claims, claimsWithBacklog } from './claims.js';
import {
  completionsOf16,
  completionsOf200,
  completionsOneRowOf16,
  completionsOneRowOf200,
} from './completions.js';
import { criticalPath } from './critical-path.js';
import { cuirassApiReport } from './cuirass-api.js';
import { garbageReport } from './garbage.js';
import { idleReport } from './idle.js';
import { endToEndReport } from './end-to-end.js';
import { ingestKnown, ingestKnownAsRead, ingestNew, ingestNewAsRead } from './ingest.js';
import { lastInput } from './last-input.js';
import { logFanOut, logFanOutOfSmall } from './log-fan-out.js';
import { logLagReport } from './log-lag.js';
import { logPageReport } from './log-page.js';
import { narHash } from './nar-hash.js';
import { narReport } from './nar.js';
import { narinfoReport } from './narinfo.js';
import { pagesReport } from './pages.js';
import { plannerRebuild } from './planner-rebuild.js';
import { fairnessReport, footprintReport, makespanReport } from './scheduling-report.js';
import { guixSignatures, nixSignatures } from './signatures.js';
import { upload } from './upload.js';
import { upstreamQuestionsReport } from './upstream-questions.js';

const contests: Record<string, () => Promise<Contest>> = {
  'nar-hash': narHash,
  'ingest-new': ingestNew,
  'ingest-known': ingestKnown,
  'ingest-new-as-read': ingestNewAsRead,
  'ingest-known-as-read': ingestKnownAsRead,
  claims,
  'claims-backlog': claimsWithBacklog,
  'claims-latency': claimLatency,
  'last-input': lastInput,
  'completions-16': completionsOf16,
  'completions-200': completionsOf200,
  'completions-one-row': completionsOneRowOf16,
  'completions-200-one-row': completionsOneRowOf200,
  'critical-path': criticalPath,
  'planner-rebuild': plannerRebuild,
  'log-fan-out': logFanOut,
  'log-fan-out-small': logFanOutOfSmall,
  upload,
  'signatures-nix': nixSignatures,
  'signatures-guix': guixSignatures,
};

/** Figures against a bound or a promise instead of a floor: each prints a table of its own. */
const reports: Record<string, () => Promise<string>> = {
  makespan: makespanReport,
  fairness: fairnessReport,
  'idle-farm': idleReport,
  'planner-footprint': footprintReport,
  cancel: cancelReport,
  'end-to-end': endToEndReport,
  narinfo: narinfoReport,
  nar: narReport,
  garbage: garbageReport,
  'upstream-questions': upstreamQuestionsReport,
  'cuirass-api': cuirassApiReport,
  pages: pagesReport,
  'log-lag': logLagReport,
  'log-page': logPageReport,
};
const figures = [...Object.keys(contests), ...Object.keys(reports)];

interface Options {
  readonly only?: string[];
  readonly rounds: number;
  readonly json: boolean;
}

const command = new Command('bench')
  .description('Measure the farm against floors of the same run and print ratios of medians.')
  .option('--only <names...>', `some of: ${figures.join(', ')}`, undefined)
  .option('--rounds <n>', 'counted rounds of each side', wholeNumber, 3)
  .option('--json', 'print JSON for programs', false)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench\n  npm run bench -- --only nar-hash --rounds 5',
  )
  .action(run);
await command.parseAsync();

async function run(options: Options): Promise<void> {
  const names = options.only ?? figures;
  const unknown = names.filter((name) => !figures.includes(name));
  if (unknown.length > 0) command.error(`there is no figure called ${unknown.join(', ')}`);
  const outcomes: Outcome[] = [];
  for (const name of names.filter((one) => one in reports)) {
    const text = await reports[name]!();
    (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  }
  for (const name of names.filter((one) => one in contests)) {
    const outcome = await holdOne(name, options.rounds);
    if (outcome) outcomes.push(outcome);
    else process.exitCode = 1;
  }
  process.stdout.write(options.json ? `${JSON.stringify(outcomes, null, 2)}\n` : table(outcomes));
}

/** Null, said on stderr, when the contest itself broke: the others are still worth having. */
async function holdOne(name: string, rounds: number): Promise<Outcome | null> {
  const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  let contest: Contest | undefined;
  try {
    contest = await contests[name]!();
    return await hold(contest, rounds, tell);
  } catch (error) {
    tell(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    return null;
  } finally {
    await contest?.close?.();
  }
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((o) => [
    o.contest,
    `${figure(o.contender.median)} ${o.unit}`,
    `${figure(o.floor.median)} ${o.unit}`,
    `${o.ratio.median.toFixed(2)} (${o.ratio.least.toFixed(2)}–${o.ratio.most.toFixed(2)})`,
    o.target === null ? '' : `${o.target} ${o.kept ? 'kept' : 'MISSED'}`,
  ]);
  const head = ['figure', 'ours', 'floor', 'ratio', 'target'];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100) {
    throw new InvalidArgumentError('a whole number from 1 to 100');
  }
  return number;
}
