/** `gambeson pin`: paths that are kept whatever their age. */
import { Command } from 'commander';
import { z } from 'zod';
import { PinAnswer } from '#protocol/api/retention.js';
import { FarmConnection, ofFarm, type FarmOptions } from '../farm-connection.js';
import { columns, expiryOf } from './units.js';

const Pins = z.object({ items: z.array(PinAnswer) });
const address = '/api/v1/pins';

interface AddOptions extends FarmOptions {
  readonly store?: string;
  readonly note: string;
  readonly expires?: string;
}

const examples = `
Examples:
  gambeson pin add /gnu/store/…-installer.iso --note 'the last one that boots'
  gambeson pin add /nix/store/…-hello-2.12 --expires 90d
  gambeson pin list
  gambeson pin remove 3

A pinned path is kept with all that it refers to, and so is what its derivation was built from,
with sources, derivations and logs, as long as the farm knows them.`;

export function pinCommand(): Command {
  return new Command('pin')
    .description('keep offered paths, whatever their age')
    .addHelpText('after', examples)
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  return ofFarm(new Command('add'))
    .description('keep a path')
    .argument('<path>', 'a store path, or its base name')
    .option('--store <slug>', 'the store, where several offer it')
    .option('--note <text>', 'why, for others', '')
    .option('--expires <time>', 'such as 90d or 2027-05-01; for ever unless told', (text) =>
      expiryOf(text),
    )
    .action(async (path: string, options: AddOptions) => {
      const { store, note, expires: expiresAt } = options;
      const body = { path, store, note, expiresAt };
      const farm = new FarmConnection(options);
      const added = await farm.call({ method: 'POST', path: address, body, answer: Pins });
      print(added.items, options.json);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('what is kept by hand')
    .action(async (options: FarmOptions) => {
      const farm = new FarmConnection(options);
      const { items } = await farm.call({ method: 'GET', path: address, answer: Pins });
      print(items, options.json);
    });
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('keep a path no longer than others')
    .argument('<id>', 'as `pin list` tells it')
    .action(async (id: string, options: FarmOptions) => {
      const path = `${address}/${encodeURIComponent(id)}`;
      await new FarmConnection(options).call({ method: 'DELETE', path, answer: z.unknown() });
    });
}

function print(pins: readonly PinAnswer[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(pins, null, 2)}\n`);
    return;
  }
  const rows = pins.map((one) => [
    ...[one.id, one.store, one.expiresAt?.slice(0, 16) ?? 'never', one.path, one.note],
  ]);
  process.stdout.write(columns(['ID', 'STORE', 'EXPIRES', 'PATH', 'NOTE'], rows));
}
