/** `gambeson eval trigger|cancel|restart|retry`. */
import { Command, Option } from 'commander';
import {
  cancelEvaluation,
  restartEvaluation,
  retryEvaluation,
} from '#client/generated/evaluations.js';
import { evaluateSpecification } from '#client/generated/specifications.js';
import { restartModes, type FailureKind } from '#domain/build/restart.js';
import { intentWords } from '../intent-words.js';
import { findEvaluation, findSpecification } from '../farm-targets.js';
import { tell, tellsOfFarm, type Telling } from '../tell/tell.js';

const kinds = Object.keys(restartModes).filter((mode) => mode !== 'with-failed-dependents');
const named = 'an id, address, commit, or specification (its newest)';

export function triggerCommand(): Command {
  return tellsOfFarm(new Command('trigger'))
    .description('look at the channels of a specification now')
    .argument('<specification>', 'its name or address')
    .action(async (text: string, options: Telling) => {
      const { farm, name } = await findSpecification(text, options);
      const answer = await evaluateSpecification(farm.client, { path: { name } });
      tell(options, answer, () => `The channels of ${name} are looked at now.\n`);
      if (process.stderr.isTTY) process.stderr.write(`gambeson eval watch --spec ${name}\n`);
    });
}

export function cancelCommand(): Command {
  return tellsOfFarm(new Command('cancel'))
    .description('stop reading it, and cancel what no other evaluation needs')
    .argument('<evaluation>', named)
    .action(async (text: string, options: Telling) => {
      const { farm, id } = await findEvaluation(text, options);
      const intent = await cancelEvaluation(farm.client, { path: { id } });
      tell(options, intent, () => intentWords(intent));
    });
}

interface RestartOptions extends Telling {
  readonly failures: FailureKind;
}

export function restartCommand(): Command {
  return tellsOfFarm(new Command('restart'))
    .description('build its failures again, with what fell with them')
    .argument('<evaluation>', named)
    .addOption(
      new Option('--failures <kind>', 'infrastructure: what the farm lost')
        .choices(kinds)
        .default('all'),
    )
    .action(async (text: string, options: RestartOptions) => {
      const { farm, id } = await findEvaluation(text, options);
      const body = { failures: options.failures };
      const intent = await restartEvaluation(farm.client, { path: { id }, body });
      tell(options, intent, () => intentWords(intent));
    });
}

export function retryCommand(): Command {
  return tellsOfFarm(new Command('retry'))
    .description('read the same commits once more, as a new evaluation')
    .argument('<evaluation>', named)
    .action(async (text: string, options: Telling) => {
      const { farm, id } = await findEvaluation(text, options);
      const again = await retryEvaluation(farm.client, { path: { id } });
      tell(options, again, () => `Evaluation ${again.id} reads what evaluation ${id} read.\n`);
    });
}
