/** `gambeson release`: evaluations that are given to people under a name, and kept. */
import { Command } from 'commander';
import {
  createRelease,
  listReleases,
  removeRelease,
  type ReleaseAnswer,
} from '#client/generated/retention.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';
import { expiryOf } from './units.js';

interface CreateOptions extends FarmOptions {
  readonly note: string;
  readonly expires?: string;
}

const examples = `
Examples:
  gambeson release create 1.4 812                     evaluation 812 is release 1.4, for ever
  gambeson release create stable 840 --expires 52w
  gambeson release list stable                        its history, the newest first
  gambeson release remove 7

A release keeps its evaluation, with every output, source, derivation and log that its jobs lead to.
Earlier evaluations of the name stay until they expire or are removed.`;

export function releaseCommand(): Command {
  return new Command('release')
    .description('keep evaluations under a name')
    .addHelpText('after', examples)
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function createCommand(): Command {
  return ofFarm(new Command('create'))
    .description('make an evaluation a release; once more: change its note and expiry')
    .argument('<name>', 'of the release')
    .argument('<evaluation>', 'its number')
    .option('--note <text>', 'for others', '')
    .option('--expires <time>', 'such as 52w or 2027-05-01; for ever unless told', (text) =>
      expiryOf(text),
    )
    .action(async (name: string, evaluation: string, options: CreateOptions) => {
      const { note, expires } = options;
      const body = { name, evaluation, note, ...(expires !== undefined && { expiresAt: expires }) };
      print([await createRelease((await openFarmApi(options)).client, { body })], options);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('releases, the newest first; expired ones are history')
    .argument('[name]', 'those of this name alone')
    .action(async (name: string | undefined, options: FarmOptions) => {
      const query = name === undefined ? {} : { name };
      const { items } = await listReleases((await openFarmApi(options)).client, { query });
      print(items, options);
    });
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('keep its evaluation no longer than others')
    .argument('<id>', 'as `release list` tells it')
    .action(async (id: string, options: FarmOptions) => {
      await removeRelease((await openFarmApi(options)).client, { path: { id } });
    });
}

function print(releases: readonly ReleaseAnswer[], options: FarmOptions): void {
  const rows = releases.map((one) => [
    ...[one.id, one.name, one.evaluation, one.specification, one.createdAt.slice(0, 16)],
    ...[one.expired ? 'expired' : (one.expiresAt?.slice(0, 16) ?? 'never'), one.note],
  ]);
  const head = ['ID', 'NAME', 'EVALUATION', 'SPECIFICATION', 'CREATED', 'EXPIRES', 'NOTE'];
  tell(options, releases, () => plainTable(head, rows));
}
