/** `gambeson eval list|show`. */
import { Command } from 'commander';
import {
  getEvaluation,
  listEvaluationJobs,
  listEvaluations,
  type ListEvaluationJobsAnswer,
} from '#client/generated/evaluations.js';
import type { EvaluationAnswer } from '#client/generated/shared.js';
import { duration, plainTime, plural, relative, secondsBetween } from '#views/words.js';
import { limitOf } from '../arguments.js';
import type { FarmApi } from '../farm-api.js';
import { openFarmApi } from '../farm-options.js';
import { findEvaluation, findSpecification } from '../farm-targets.js';
import { paint } from '../tell/look.js';
import { lookFor, tell, tellFacts, tellsOfFarm, tellTable, type Telling } from '../tell/tell.js';
import { commitsOf, standingOf, verdictOf } from './evaluation-words.js';

/** Failures that `show` tells, of each kind. */
const shownFailures = 20;

interface ListOptions extends Telling {
  readonly spec?: string;
  readonly limit: number;
}

export function listCommand(): Command {
  return tellsOfFarm(new Command('list'))
    .description('evaluations, newest first')
    .option('--spec <specification>', 'those of this one alone')
    .option('--limit <n>', 'how many, at most 500', limitOf, 20)
    .action(async (options: ListOptions) => {
      const { spec, limit } = options;
      const named = spec === undefined ? null : await findSpecification(spec, options);
      const farm = named?.farm ?? (await openFarmApi(options));
      const query = { limit, ...(named && { specification: named.name }) };
      const page = await listEvaluations(farm.client, { query });
      tell(options, page, () => listed(options, page.items));
    });
}

function listed(options: Telling, evaluations: readonly EvaluationAnswer[]): string {
  const now = new Date();
  const rows = evaluations.map((one) => [
    ...[one.id, one.specification.name, { text: standingOf(one), status: true }],
    ...[relative(one.startedAt, now), commitsOf(one), verdictOf(one, now)],
  ]);
  const head = ['ID', 'SPECIFICATION', 'STATUS', 'BEGAN', 'COMMITS', 'VERDICT'];
  return tellTable(options, { head, rows }, 'There is no evaluation yet.');
}

export function showCommand(): Command {
  return tellsOfFarm(new Command('show'))
    .description('one evaluation: its verdict, what it read, and what failed')
    .argument('<evaluation>', 'an id, address, commit, or specification (its newest)')
    .action(async (text: string, options: Telling) => {
      const { farm, id } = await findEvaluation(text, options);
      const evaluation = await getEvaluation(farm.client, { path: { id } });
      const failures = options.json ? [] : await failuresOf(farm, evaluation);
      tell(options, evaluation, () => shown(options, evaluation, failures));
    });
}

function shown(
  options: Telling,
  evaluation: EvaluationAnswer,
  failures: readonly ListEvaluationJobsAnswer[],
): string {
  const now = new Date();
  const verdict = verdictOf(evaluation, now);
  const facts = factsOf(options, evaluation, now);
  if (options.plain) return `verdict\t${verdict}\n${facts}`;
  const tables = failures.map((page) => failureTable(options, page)).join('');
  return `${paint(lookFor(options), 'strong', verdict)}\n\n${facts}${tables}`;
}

function factsOf(options: Telling, evaluation: EvaluationAnswer, now: Date): string {
  const { id, specification, specificationVersion, trigger, endedAt, startedAt } = evaluation;
  const took = endedAt === null ? '' : `, read in ${duration(secondsBetween(startedAt, endedAt))}`;
  return tellFacts(options, [
    ['evaluation', `${id} of ${specification.name}, version ${specificationVersion}`],
    ['status', standingOf(evaluation)],
    ['began', `${plainTime(startedAt)} (${relative(startedAt, now)})${took}`],
    ['because of', trigger],
    ...evaluation.checkouts.map(({ channel, url, branch, revision }): [string, string] => [
      `channel ${channel}`,
      `${revision} of ${branch}, ${url}`,
    ]),
    ['derivations', `${evaluation.derivationCount}, ${evaluation.newBuildCount} of them new`],
  ]);
}

async function failuresOf(
  farm: FarmApi,
  { id, jobs }: EvaluationAnswer,
): Promise<ListEvaluationJobsAnswer[]> {
  const kinds = (['failed', 'error', 'failed-other'] as const).filter((kind) => jobs[kind]);
  return Promise.all(
    kinds.map((status) =>
      listEvaluationJobs(farm.client, { path: { id }, query: { status, limit: shownFailures } }),
    ),
  );
}

function failureTable(options: Telling, { items, next }: ListEvaluationJobsAnswer): string {
  const rows = items.map((job) => [
    ...[{ text: job.status, status: true }, job.name, job.system, job.build ?? ''],
    job.error?.split('\n')[0] ?? job.reason ?? '',
  ]);
  const more = next === null ? '' : `… and more than these ${plural(items.length, 'job')}\n`;
  const head = ['STATUS', 'JOB', 'SYSTEM', 'BUILD', 'WHY'];
  return `\n${tellTable(options, { head, rows }, '')}${more}`;
}
