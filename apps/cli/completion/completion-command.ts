/** `gambeson completion SHELL`, and `gambeson __complete`, which its scripts ask. */
import { Argument, Command } from 'commander';
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

const addresses: Readonly<Record<LiveKind, string>> = {
  specification: '/api/v1/specifications',
  worker: '/api/v1/workers',
  store: '/api/v1/stores',
  forge: '/api/v1/forges',
};

/** None when the farm is away, slow or wants to know who asks. */
async function ask(kind: LiveKind): Promise<readonly string[]> {
  try {
    const farm = await openFarmApi({});
    const signal = AbortSignal.timeout(patienceMilliseconds);
    const answer = await farm.request({ method: 'GET', path: addresses[kind], signal });
    const { items } = (await answer.json()) as { items: { name?: string; slug?: string }[] };
    return items
      .map(({ name, slug }) => name ?? slug ?? '')
      .filter((one) => /^[\w.+:-]+$/.test(one));
  } catch {
    return [];
  }
}
