/** `gambeson worker enrol`: a one-time token, with which one machine becomes a worker. */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { createWorkerToken } from '#client/generated/workers.js';
import { Refusal } from '../exit-codes.js';
import { openFarmApi } from '../farm-options.js';
import { timeOf } from '../retention/units.js';
import { tell, tellsOfFarm, type Telling } from '../tell/tell.js';

const examples = `
Examples:
  gambeson worker enrol --note build-9 --output ./token
  gambeson worker enrol --expires 2h

The token is shown once, and good for one worker. On the new machine:
  node dist/apps/worker/main.js --farm https://ci.example.org --name build-9 --token-file ./token`;

interface EnrolOptions extends Telling {
  readonly note: string;
  readonly expires: string;
  readonly output?: string;
}

export function enrolCommand(): Command {
  return tellsOfFarm(new Command('enrol'))
    .description('make a token with which one worker may enrol, once')
    .option('--note <text>', 'for whom it is, for others', '')
    .option('--expires <time>', 'such as 2h, at most 30d', (text) => timeOf(text), timeOf('24h'))
    .option('--output <file>', 'write it there (mode 0600) instead of printing it')
    .addHelpText('after', examples)
    .action(async (options: EnrolOptions) => {
      const seconds = Math.round((Date.parse(options.expires) - Date.now()) / 1000);
      if (seconds < 60) throw new Refusal('usage', 'the token would expire within a minute');
      const farm = await openFarmApi(options);
      const body = { note: options.note, seconds };
      const made = await createWorkerToken(farm.client, { body });
      const { output } = options;
      if (output !== undefined) {
        await writeFile(output, `${made.token}\n`, { mode: 0o600, flag: 'wx' });
      }
      const shown = output === undefined ? made : { output, expiresAt: made.expiresAt };
      tell(options, shown, () => `${output ?? made.token}\n`);
    });
}
