/** `gambeson upstream …`: the substitute servers that the farm asks before it builds. */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import {
  createUpstream,
  listUpstreams,
  removeUpstream,
  tryUpstream,
  type UpstreamAnswer,
} from '#client/generated/upstreams.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { exitCodes } from '../exit-codes.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { tell } from '../tell/tell.js';
import { trialLine } from '../tell/trial-line.js';

const examples = `
Examples:
  gambeson upstream add https://cache.nixos.org --store nix \\
      --key cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=
  gambeson upstream add https://ci.guix.gnu.org --store guix --key-file ci.guix.gnu.org.pub
  gambeson upstream list
  gambeson upstream test 1 --path /nix/store/HASH-hello-2.12
  gambeson upstream remove 1

What an upstream has, signed with one of its keys, is not built. A store whose mode is "mirror"
fetches and keeps it; one whose mode is "rely" leaves it there.`;

export function upstreamCommand(): Command {
  return new Command('upstream')
    .description('the substitute servers that are asked before anything is built')
    .addHelpText('after', examples)
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addCommand(testCommand());
}

interface AddOptions extends FarmOptions {
  readonly store: string;
  readonly key: readonly string[];
  readonly keyFile: readonly string[];
  readonly position: number;
  readonly timeout: number;
}

function addCommand(): Command {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return ofFarm(new Command('add'))
    .description('ask it from now on')
    .argument('<url>', 'such as https://cache.nixos.org')
    .requiredOption('--store <slug>', 'the store that it serves')
    .option('--key <key>', 'a public key of it, NAME:BASE64 (may be repeated)', collect, [])
    .option('--key-file <file>', 'a file with a public key (may be repeated)', collect, [])
    .option('--position <n>', 'the lower, the sooner it is asked', numberOf, 100)
    .option('--timeout <seconds>', 'how long one answer may take', numberOf, 10)
    .action(async (url: string, options: AddOptions) => {
      const files = await Promise.all(options.keyFile.map(keyIn));
      const body = {
        ...{ store: options.store, url, publicKeys: [...options.key, ...files] },
        ...{ position: options.position, timeoutSeconds: options.timeout },
      };
      if (body.publicKeys.length === 0) {
        throw new FarmFault('misconfigured', 'say its public key: --key or --key-file', 'never');
      }
      const farm = await openFarmApi(options);
      const added = await createUpstream(farm.client, { body });
      tell(options, added, () => `${added.id}\n`);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('which there are, and how they do')
    .action(async (options: FarmOptions) => {
      const farm = await openFarmApi(options);
      const list = await listUpstreams(farm.client);
      tell(options, list, () => {
        const lines = list.items.map(lineOf);
        if (list.fetching > 0) lines.push(`${list.fetching} builds wait for what is fetched`);
        return lines.map((line) => `${line}\n`).join('');
      });
    });
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('ask it no more; what was fetched from it stays')
    .argument('<id>', 'as "list" tells it')
    .action(async (id: string, options: FarmOptions) => {
      const farm = await openFarmApi(options);
      await removeUpstream(farm.client, { path: { id } });
    });
}

interface TestOptions extends FarmOptions {
  readonly path?: string;
}

function testCommand(): Command {
  return ofFarm(new Command('test'))
    .description('have the farm ask it now, step by step; exit status 1 when a step fails')
    .argument('<id>', 'as "list" tells it')
    .option('--path <path>', 'a store path to ask for, with all that it refers to')
    .action(async (id: string, options: TestOptions) => {
      const body = options.path === undefined ? {} : { path: options.path };
      const farm = await openFarmApi(options);
      const trial = await tryUpstream(farm.client, { path: { id }, body });
      tell(options, trial, () => trial.steps.map(trialLine).join(''));
      if (!trial.ok) process.exitCode = exitCodes.unwell;
    });
}

function lineOf(upstream: UpstreamAnswer): string {
  const { id, store, url, position, believed, failingSince, fault } = upstream;
  const state = failingSince === null ? `${believed} paths known` : `fails: ${fault ?? ''}`;
  return `${id}  ${store}  ${url}  (position ${position})  ${state}`;
}

async function keyIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FarmFault('misconfigured', `the key cannot be read: ${sentenceOf(error)}`, 'never');
  });
  return text.trim();
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || text.trim() === '') {
    throw new InvalidArgumentError('It is no number.');
  }
  return number;
}
