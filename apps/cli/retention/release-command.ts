/** `gambeson release`: evaluations that are given to people under a name, and kept. */
import { Command } from 'commander';
import { z } from 'zod';
import { ReleaseAnswer } from '#protocol/api/retention.js';
import { FarmConnection, ofFarm, type FarmOptions } from '../farm-connection.js';
import { columns, expiryOf } from './units.js';

const Releases = z.object({ items: z.array(ReleaseAnswer) });
const address = '/api/v1/releases';

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
      const { note, expires: expiresAt } = options;
      const body = { name, evaluation, note, expiresAt };
      const farm = new FarmConnection(options);
      const call = { method: 'POST', path: address, body, answer: ReleaseAnswer } as const;
      print([await farm.call(call)], options.json);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('releases, the newest first; expired ones are history')
    .argument('[name]', 'those of this name alone')
    .action(async (name: string | undefined, options: FarmOptions) => {
      const path = name === undefined ? address : `${address}?name=${encodeURIComponent(name)}`;
      const farm = new FarmConnection(options);
      print((await farm.call({ method: 'GET', path, answer: Releases })).items, options.json);
    });
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('keep its evaluation no longer than others')
    .argument('<id>', 'as `release list` tells it')
    .action(async (id: string, options: FarmOptions) => {
      const path = `${address}/${encodeURIComponent(id)}`;
      await new FarmConnection(options).call({ method: 'DELETE', path, answer: z.unknown() });
    });
}

function print(releases: readonly ReleaseAnswer[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(releases, null, 2)}\n`);
    return;
  }
  const rows = releases.map((one) => [
    ...[one.id, one.name, one.evaluation, one.specification, one.createdAt.slice(0, 16)],
    ...[one.expired ? 'expired' : (one.expiresAt?.slice(0, 16) ?? 'never'), one.note],
  ]);
  const head = ['ID', 'NAME', 'EVALUATION', 'SPECIFICATION', 'CREATED', 'EXPIRES', 'NOTE'];
  process.stdout.write(columns(head, rows));
}
