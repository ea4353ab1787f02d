/** `gambeson pin`: paths that are kept whatever their age. */
import { Command } from 'commander';
import { createPin, listPins, removePin, type PinAnswer } from '#client/generated/retention.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';
import { expiryOf } from './units.js';

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
      const { store, note, expires } = options;
      const body = {
        ...{ path, note, ...(store !== undefined && { store }) },
        ...(expires !== undefined && { expiresAt: expires }),
      };
      const added = await createPin((await openFarmApi(options)).client, { body });
      print(added.items, options);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('what is kept by hand')
    .action(async (options: FarmOptions) => {
      const { items } = await listPins((await openFarmApi(options)).client);
      print(items, options);
    });
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('keep a path no longer than others')
    .argument('<id>', 'as `pin list` tells it')
    .action(async (id: string, options: FarmOptions) => {
      await removePin((await openFarmApi(options)).client, { path: { id } });
    });
}

function print(pins: readonly PinAnswer[], options: FarmOptions): void {
  const rows = pins.map((one) => [
    ...[one.id, one.store, one.expiresAt?.slice(0, 16) ?? 'never', one.path, one.note],
  ]);
  tell(options, pins, () => plainTable(['ID', 'STORE', 'EXPIRES', 'PATH', 'NOTE'], rows));
}
