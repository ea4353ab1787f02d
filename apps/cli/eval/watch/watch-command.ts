/**
 * `gambeson eval watch`: follows an evaluation until nothing of it is left to build, as a tree on a
 * terminal and a line an event elsewhere. Its exit status is the verdict.
 */
import { Command } from 'commander';
import { secondsOf } from '../../arguments.js';
import { exitCodes, Refusal } from '../../exit-codes.js';
import { findEvaluation, findSpecification, type Target } from '../../farm-targets.js';
import { lookFor, tellsOfFarm, type Telling } from '../../tell/tell.js';
import { isWell } from '../evaluation-words.js';
import { awaitEvaluation } from './await-evaluation.js';
import { Deadline } from './deadline.js';
import { watchEvaluation } from './watch.js';

interface WatchOptions extends Telling {
  readonly spec?: string;
  readonly commit?: string;
  readonly timeout?: number;
}

const examples = `
Examples:
  gambeson eval watch 1204
  gambeson eval watch https://ci.example.org/evaluations/1204
  gambeson eval watch guix-master                       its newest
  gambeson eval watch --spec guix-master --commit $(git rev-parse HEAD) --timeout 2h

With --commit it waits until that commit is evaluated. Exit status: 0 every job succeeded, 1 not
all did, 7 it took longer than --timeout. --json prints a line of JSON for each event.`;

export function watchCommand(): Command {
  return tellsOfFarm(new Command('watch'))
    .description('follow an evaluation to its end; the exit status is its verdict')
    .argument('[evaluation]', 'an id, address, commit, or specification (its newest)')
    .option('--spec <specification>', 'its newest evaluation, or the one of --commit')
    .option('--commit <revision>', 'wait until the specification has read it')
    .option('--timeout <time>', 'wait no longer, such as 30m or 2h', secondsOf)
    .addHelpText('after', examples)
    .action(watch);
}

async function watch(text: string | undefined, options: WatchOptions): Promise<void> {
  const deadline = new Deadline(options.timeout);
  const { farm, id } = await target(text, options, deadline);
  const interrupted = (): void => {
    process.stderr.write(`\nThe farm goes on. To watch again: gambeson eval watch ${id}\n`);
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', interrupted);
  try {
    const how = { look: lookFor(options), json: options.json ?? false, deadline };
    const end = await watchEvaluation(farm, id, how);
    process.exitCode = isWell(end) ? exitCodes.well : exitCodes.unwell;
  } finally {
    process.off('SIGINT', interrupted);
  }
}

async function target(
  text: string | undefined,
  options: WatchOptions,
  deadline: Deadline,
): Promise<Target> {
  const { spec, commit } = options;
  if (text !== undefined) {
    if (spec === undefined && commit === undefined) return findEvaluation(text, options);
    throw new Refusal('usage', 'name the evaluation, or --spec and --commit, not both');
  }
  if (spec === undefined) throw new Refusal('usage', 'which evaluation? Or --spec and --commit');
  if (commit === undefined) return findEvaluation(spec, options);
  if (!/^[0-9a-f]{7,64}$/.test(commit)) {
    throw new Refusal('usage', `--commit ${commit} is no revision: give its digits, at least 7`);
  }
  const { farm, name } = await findSpecification(spec, options);
  return { farm, id: await awaitEvaluation(farm, { specification: name, commit, deadline }) };
}
