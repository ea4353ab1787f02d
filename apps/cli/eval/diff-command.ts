/** `gambeson eval diff`: what an evaluation broke and mended, and what most of it comes from. */
import { Command } from 'commander';
import {
  getEvaluationDifference,
  listEvaluationRootCauses,
  type DifferenceAnswer,
  type RootCausesAnswer,
} from '#client/generated/evaluations.js';
import { differenceVerdict, kindWords } from '#views/evaluation-words.js';
import { plural } from '#views/words.js';
import { limitOf } from '../arguments.js';
import { exitCodes } from '../exit-codes.js';
import { findEvaluation } from '../farm-targets.js';
import { readAddress } from '../pasted-address.js';
import { paint } from '../tell/look.js';
import { lookFor, tell, tellsOfFarm, tellTable, type Telling } from '../tell/tell.js';

interface DiffOptions extends Telling {
  readonly check: boolean;
  readonly limit: number;
  readonly system?: string;
}

const examples = `
Examples:
  gambeson eval diff 1204
  gambeson eval diff 1204 week               with the newest that is a week older
  gambeson eval diff staging guix-master     two specifications
  gambeson eval diff guix-master --check     exit status 1 when anything newly fails`;

/** The kinds that are listed, in this order. */
const listed = ['newly-failing', 'newly-succeeding', 'new', 'removed', 'undone'] as const;
type Kind = (typeof listed)[number];

export function diffCommand(): Command {
  return tellsOfFarm(new Command('diff'))
    .description('what differs between two evaluations: broken, mended, new and removed jobs')
    .argument('<evaluation>', 'an id, address, commit, or specification (its newest)')
    .argument(
      '[against]',
      'previous, day, week, month, an id, an address or a specification',
      'previous',
    )
    .option('--system <system>', 'only jobs of this one')
    .option('--limit <n>', 'jobs of each kind, at most 500', limitOf, 50)
    .option('--check', 'exit status 1 when anything newly fails', false)
    .addHelpText('after', examples)
    .action(diff);
}

async function diff(text: string, other: string, options: DiffOptions): Promise<void> {
  const { farm, id } = await findEvaluation(text, options);
  const against = readAddress(other)?.named.value ?? other.replace(/^#/, '');
  const { limit, system } = options;
  const base = { against, limit, ...(system !== undefined && { system }) };
  const answers: DifferenceAnswer[] = [];
  for (const kind of listed) {
    const query = { ...base, kind };
    answers.push(await getEvaluationDifference(farm.client, { path: { id }, query }));
  }
  const query = { against, limit: 10 };
  const causes = await listEvaluationRootCauses(farm.client, { path: { id }, query });
  const [first] = answers as [DifferenceAnswer];
  const jobs = Object.fromEntries(listed.map((kind, at) => [kind, answers[at]!.items]));
  const { items: _items, found: _found, next: _next, ...head } = first;
  tell(options, { ...head, items: jobs, rootCauses: causes.items }, () =>
    words(options, answers, causes),
  );
  if (options.check && first.counts['newly-failing'] > 0) process.exitCode = exitCodes.unwell;
}

function words(
  options: Telling,
  answers: readonly DifferenceAnswer[],
  causes: RootCausesAnswer,
): string {
  const [first] = answers as [DifferenceAnswer];
  const tables = answers.map((answer, at) => tableOf(options, listed[at]!, answer)).join('');
  if (options.plain) return tables;
  const verdict = paint(lookFor(options), 'strong', verdictOf(first));
  return `${verdict}\n${tables}${causesOf(options, causes)}`;
}

function verdictOf(answer: DifferenceAnswer): string {
  const { against } = answer;
  const other = against ? `, against evaluation ${against.id} of ${against.specification}` : '';
  return `${differenceVerdict(answer, null, new Date())}${other}`;
}

function tableOf(options: Telling, kind: Kind, answer: DifferenceAnswer): string {
  if (answer.items.length === 0) return '';
  const rows = answer.items.map((job) => [
    ...[{ text: job.status, status: true }, job.name, job.system, job.build ?? ''],
    ...[job.reason ?? '', job.before?.build ? `was build ${job.before.build}` : ''],
  ]);
  if (options.plain) {
    return tellTable(options, { head: [], rows: rows.map((row) => [kind, ...row]) }, '');
  }
  const head = [kindWords[kind].toUpperCase(), 'JOB', 'SYSTEM', 'BUILD', 'WHY', 'BEFORE'];
  const more = answer.found - answer.items.length;
  const rest = more > 0 ? `… and ${plural(more, 'job')} more\n` : '';
  return `\n${tellTable(options, { head, rows }, '')}${rest}`;
}

function causesOf(options: Telling, { items }: RootCausesAnswer): string {
  const blocking = items.filter(({ blocks, build }) => blocks > 0 && build !== null);
  if (blocking.length === 0) return '';
  const rows = blocking.map(({ build, blocks, examples: some }) => [
    ...[String(blocks), build!.name, build!.system, build!.id],
    some.map(({ name }) => name).join(', '),
  ]);
  const head = ['BLOCKS', 'ROOT CAUSE', 'SYSTEM', 'BUILD', 'SUCH AS'];
  return `\n${tellTable(options, { head, rows }, '')}`;
}
