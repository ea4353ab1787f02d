/** `gambeson completion SHELL`, and `gambeson __complete`, which its scripts ask. */
import { Argument, Command } from 'commander';
import type { Client, Reading } from '#client/client.js';
import { listForges } from '#client/generated/forges.js';
import { listSpecifications } from '#client/generated/specifications.js';
import { listStores } from '#client/generated/stores.js';
import { listWorkers } from '#client/generated/workers.js';
import { openFarmApi } from '../farm-options.js';
import { harmless } from '../tell/look.js';
import { candidatesFor, type LiveKind } from './complete.js';
import { scripts, shells, type Shell } from './scripts.js';

const examples = `
Examples:
  source <(gambeson completion bash)
  gambeson completion bash > ~/.local/share/bash-completion/completions/gambeson
  gambeson completion zsh > ~/.zfunc/_gambeson
  gambeson completion fish > ~/.config/fish/completions/gambeson.fish

Names of specifications, workers, stores and forges are asked of your farm, for at most a second.`;

/** Nobody waits longer for a list after a press of a key. */
const patienceMilliseconds = 1000;

export function completionCommand(): Command {
  return new Command('completion')
    .description('print what a shell reads to complete commands, options and names')
    .addArgument(new Argument('<shell>', 'which').choices([...shells]))
    .addHelpText('after', examples)
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell]);
    });
}

export function completeCommand(program: () => Command): Command {
  return new Command('__complete')
    .description('what may stand next; for the scripts of completion')
    .argument('[words...]', 'those after gambeson; the last is completed')
    .helpOption(false)
    .action(async (words: string[]) => {
      const found = await candidatesFor(program(), words, ask);
      const lines = found.map(({ value, description }) => `${value}\t${harmless(description)}\n`);
      process.stdout.write(lines.join(''));
    });
}

type Named = { readonly name: string } | { readonly slug: string };
type List = (client: Client, reading: Reading) => Promise<{ readonly items: readonly Named[] }>;

const lists: Readonly<Record<LiveKind, List>> = {
  ...{ specification: listSpecifications, worker: listWorkers },
  ...{ store: listStores, forge: listForges },
};

/** None when the farm is away, slow or wants to know who asks. */
async function ask(kind: LiveKind): Promise<readonly string[]> {
  try {
    const { client } = await openFarmApi({});
    const signal = AbortSignal.timeout(patienceMilliseconds);
    const { items } = await lists[kind](client, { signal });
    return items
      .map((one) => ('name' in one ? one.name : one.slug))
      .filter((one) => /^[\w.+:-]+$/.test(one));
  } catch {
    return [];
  }
}
