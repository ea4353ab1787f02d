/** `gambeson build restart|cancel`: of one build or of several. */
import { Command } from 'commander';
import type { Client } from '#client/client.js';
import {
  bumpBuild,
  cancelBuild,
  restartBuild,
  type BuildWishAnswer,
} from '#client/generated/builds.js';
import { findBuild, type Target } from '../farm-targets.js';
import { intentWords } from '../intent-words.js';
import { tell, tellsOfFarm, type Telling } from '../tell/tell.js';

interface RestartOptions extends Telling {
  readonly only: boolean;
}

interface CancelOptions extends Telling {
  readonly force: boolean;
}

export function restartCommand(): Command {
  return tellsOfFarm(new Command('restart'))
    .description('build it again, and what failed because of it')
    .argument('<build...>', 'ids, addresses, or packages')
    .option('--only', 'it alone, without what failed because of it', false)
    .action((names: string[], options: RestartOptions) => {
      const body = { mode: options.only ? 'only' : 'with-failed-dependents' } as const;
      return wish(names, options, (client, build) => restartBuild(client, { ...build, body }));
    });
}

export function cancelCommand(): Command {
  return tellsOfFarm(new Command('cancel'))
    .description('stop it; refused while several live evaluations need it')
    .argument('<build...>', 'ids, addresses, or packages')
    .option('--force', 'though several live evaluations need it', false)
    .action((names: string[], options: CancelOptions) => {
      const body = { force: options.force };
      return wish(names, options, (client, build) => cancelBuild(client, { ...build, body }));
    });
}

export function bumpCommand(): Command {
  return tellsOfFarm(new Command('bump'))
    .description('build it before others, with the inputs that it waits for')
    .argument('<build...>', 'ids, addresses, or packages')
    .action((names: string[], options: Telling) => wish(names, options, bumpBuild));
}

type Act = (client: Client, build: { path: { id: string } }) => Promise<BuildWishAnswer>;

/** All of them are found before any is changed. */
async function wish(names: readonly string[], options: Telling, act: Act): Promise<void> {
  const found: Target[] = [];
  for (const name of names) found.push(await findBuild(name, options));
  const items: BuildWishAnswer[] = [];
  for (const { farm, id } of found) {
    items.push(await act(farm.client, { path: { id } }));
  }
  tell(options, { items }, () => items.map(words).join(''));
}

function words({ build, status, intent }: BuildWishAnswer): string {
  return `build ${build} is ${status}\n${intent === null ? '' : intentWords(intent)}`;
}
