/** `gambeson spec export|list|show|pause|resume|remove`: of the specifications that stand. */
import { Command, Option } from 'commander';
import {
  printFormats,
  printSpecificationFile,
  type PrintFormat,
} from '#adapters/specification-files/print-file.js';
import { keeperWords } from '#domain/specification/keeping.js';
import { isFileSelection, selectionWords } from '#domain/specification/selection.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { Refusal } from '../exit-codes.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { readAddress } from '../pasted-address.js';
import { tell } from '../tell/tell.js';
import { SpecificationsOfFarm } from './specifications-of-farm.js';

interface ExportOptions extends FarmOptions {
  readonly format: PrintFormat;
}

interface ForceOptions extends FarmOptions {
  readonly force: boolean;
}

export function exportCommand(): Command {
  return ofFarm(new Command('export'))
    .description('print specifications as a file that "apply" reads; passwords are left out')
    .argument('[names...]', 'else all')
    .addOption(
      new Option('--format <format>', 'of the file').choices([...printFormats]).default('scm'),
    )
    .action(async (names: string[], options: ExportOptions) => {
      const standing = await named(await farmOf(options), names);
      const documents = standing.map(({ specification }) => specification);
      const format = options.json ? 'json' : options.format;
      process.stdout.write(printSpecificationFile(documents, format));
    });
}

export function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('which there are, and who keeps them')
    .action(async (options: FarmOptions) => {
      const standing = await (await farmOf(options)).list();
      tell(options, { items: standing }, () => standing.map(lineOf).join(''));
    });
}

export function showCommand(): Command {
  return ofFarm(new Command('show'))
    .description('what one says')
    .argument('<specification>', 'its name, or its address')
    .action(async (text: string, options: FarmOptions) => {
      const { farm, name } = await namedFarm(text, options);
      const standing = await farm.find(name);
      tell(options, standing, () => {
        return lineOf(standing) + printSpecificationFile([standing.specification], 'yaml');
      });
    });
}

export function pauseCommand(): Command {
  return activeCommand('pause', 'neither poll nor evaluate it until it is resumed', false);
}

export function resumeCommand(): Command {
  return activeCommand('resume', 'poll and evaluate it again', true);
}

function activeCommand(word: string, description: string, active: boolean): Command {
  return ofFarm(new Command(word))
    .description(description)
    .argument('<specification>', 'its name, or its address')
    .option('--force', 'though a file or a repository keeps it', false)
    .action(async (text: string, options: ForceOptions) => {
      const { farm, name } = await namedFarm(text, options);
      const { specification, version } = await farm.find(name);
      const put = { version, force: options.force };
      const written = await farm.put({ ...specification, active }, put);
      tell(options, written, () => lineOf(written));
    });
}

export function releaseCommand(): Command {
  return ofFarm(new Command('release'))
    .description('let no file and no repository keep it any more; it stays as it is')
    .argument('<specification>', 'its name, or its address')
    .action(async (text: string, options: FarmOptions) => {
      const { farm, name } = await namedFarm(text, options);
      const { specification, version } = await farm.find(name);
      const written = await farm.put(specification, { version, managedBy: '', force: true });
      tell(options, written, () => lineOf(written));
    });
}

export function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('archive it: its evaluations and builds stay, and its name is free again')
    .argument('<specification>', 'its name, or its address')
    .option('--force', 'though a file or a repository keeps it', false)
    .action(async (text: string, options: ForceOptions) => {
      const { farm, name } = await namedFarm(text, options);
      await farm.archive(name, { force: options.force });
      tell(options, { archived: name }, () => `${name} is archived\n`);
    });
}

/** `pasted`: where an address that was an argument says that the farm is. */
async function farmOf(options: FarmOptions, pasted?: string): Promise<SpecificationsOfFarm> {
  return new SpecificationsOfFarm((await openFarmApi(options, pasted)).client);
}

interface Named {
  readonly farm: SpecificationsOfFarm;
  readonly name: string;
}

/** A name, or an address of its page, which also says which farm is asked. */
async function namedFarm(text: string, options: FarmOptions): Promise<Named> {
  const pasted = readAddress(text);
  if (pasted === null && !/^https?:/i.test(text)) {
    return { farm: await farmOf(options), name: text };
  }
  if (pasted?.named.kind !== 'specification') {
    throw new Refusal('usage', `${text} is not the address of a specification`);
  }
  return { farm: await farmOf(options, pasted.base), name: pasted.named.value };
}

/** All of them, or those of these names; one that there is not is an error. */
async function named(
  farm: SpecificationsOfFarm,
  names: readonly string[],
): Promise<SpecificationAnswer[]> {
  const standing = await farm.list();
  const missing = names.filter((name) => !standing.some((one) => one.name === name));
  if (missing.length > 0) {
    const message = `there is no specification ${missing.join(', ')}`;
    throw new Refusal('notFound', message);
  }
  return names.length === 0 ? standing : standing.filter(({ name }) => names.includes(name));
}

function lineOf({ name, version, specification, managedBy }: SpecificationAnswer): string {
  const { backend, selection, active } = specification;
  const what = isFileSelection(selection) ? selection.file : selectionWords(selection);
  const words = [
    ...[`${backend}: ${what}`, `version ${version}`],
    ...(active ? [] : ['paused']),
    ...(managedBy === null ? [] : [`kept by ${keeperWords(managedBy)}`]),
  ];
  return `${name}  ${words.join(', ')}\n`;
}
