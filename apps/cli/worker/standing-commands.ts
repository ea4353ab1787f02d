/** `gambeson worker pause|drain|resume|remove`: of one worker or of several at once. */
import { Command } from 'commander';
import type { Client } from '#client/client.js';
import {
  drainWorker,
  pauseWorker,
  removeWorker,
  resumeWorker,
  type WorkerAnswer,
} from '#client/generated/workers.js';
import { confirm } from '../confirm.js';
import { Refusal } from '../exit-codes.js';
import type { FarmApi } from '../farm-api.js';
import { findWorker } from '../farm-targets.js';
import { timeOf } from '../retention/units.js';
import { tell, tellsOfFarm, type Telling } from '../tell/tell.js';
import { tableOf } from './reading-commands.js';

interface NoteOptions extends Telling {
  readonly note: string;
}

interface PauseOptions extends NoteOptions {
  readonly for?: string;
  readonly until?: string;
}

interface RemoveOptions extends Telling {
  readonly yes: boolean;
}

export function pauseCommand(): Command {
  return wishing('pause', 'give no new builds to a worker, for good or until a time')
    .option('--note <text>', 'why, for others', '')
    .option('--for <time>', 'such as 30m, 2h or 3d', (text) => timeOf(text))
    .option('--until <time>', 'such as 2027-05-01 or 2027-05-01T08:00Z', (text) => timeOf(text))
    .action(async (names: string[], options: PauseOptions) => {
      if (options.for !== undefined && options.until !== undefined) {
        throw new Refusal('usage', 'give --for or --until, not both');
      }
      const until = options.for ?? options.until;
      const body = { note: options.note, ...(until !== undefined && { until }) };
      await wish(names, options, (client, worker) => pauseWorker(client, { ...worker, body }));
    });
}

export function drainCommand(): Command {
  return wishing('drain', 'let a worker end what it builds, and take it out of use')
    .option('--note <text>', 'why, for others', '')
    .action((names: string[], options: NoteOptions) => {
      const body = { note: options.note };
      return wish(names, options, (client, worker) => drainWorker(client, { ...worker, body }));
    });
}

export function resumeCommand(): Command {
  return wishing('resume', 'end its pause or its drain').action(
    (names: string[], options: Telling) => wish(names, options, resumeWorker),
  );
}

export function removeCommand(): Command {
  return wishing('remove', 'refuse its credential from now on, and give its builds to others')
    .option('--yes', 'without being asked', false)
    .action(async (names: string[], options: RemoveOptions) => {
      const found = await all(names, options);
      const called = found.map(({ worker }) => worker.name).join(', ');
      await confirm(`Remove ${called} for good?`, options.yes);
      for (const { farm, worker } of found) {
        await removeWorker(farm.client, { path: { id: worker.id } });
      }
      const removed = found.map(({ worker }) => worker.name);
      tell(options, { removed }, () => removed.map((name) => `${name} is removed\n`).join(''));
    });
}

function wishing(word: string, description: string): Command {
  return tellsOfFarm(new Command(word))
    .description(description)
    .argument('<worker...>', 'names, ids or addresses');
}

type Act = (client: Client, worker: { path: { id: string } }) => Promise<WorkerAnswer>;

/** All of them are found before any is changed. */
async function wish(names: readonly string[], options: Telling, act: Act): Promise<void> {
  const items: WorkerAnswer[] = [];
  for (const { farm, worker } of await all(names, options)) {
    items.push(await act(farm.client, { path: { id: worker.id } }));
  }
  tell(options, { items }, () => tableOf(options, items));
}

async function all(
  names: readonly string[],
  options: Telling,
): Promise<{ readonly farm: FarmApi; readonly worker: WorkerAnswer }[]> {
  const found: { readonly farm: FarmApi; readonly worker: WorkerAnswer }[] = [];
  for (const name of names) found.push(await findWorker(name, options));
  return found;
}
