/** `gambeson forge requests …`: whose pull requests are built, how, and for whom. */
import { Command, Option } from 'commander';
import {
  createForgeTemplate,
  listForgeTemplates,
  removeForgeTemplate,
  type TemplateAnswer,
} from '#client/generated/forges.js';
import { admissions, type Admission } from '#domain/forge/request-template.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { tell } from '../tell/tell.js';

const examples = `
Examples:
  gambeson forge requests add codeberg me/channel --specification channel
  gambeson forge requests add codeberg me/channel --specification channel \\
      --admit label --label build-me --allow ann --at-most 5 --max-running 2
  gambeson forge requests list codeberg
  gambeson forge requests remove codeberg 3

Each request gets a specification SPECIFICATION-pr-NUMBER, like the one named, but untrusted, and
with the request's commit in place of the branch that it asks to be merged into.`;

export function requestsCommand(): Command {
  return new Command('requests')
    .description('whose pull requests are built, how, and for whom')
    .addHelpText('after', examples)
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

interface AddOptions extends FarmOptions {
  readonly specification: string;
  readonly admit: Admission;
  readonly label?: string;
  readonly allow: readonly string[];
  readonly atMost: string;
  readonly priority: string;
  readonly maxRunning: string;
  readonly expiryHours: string;
}

function addCommand(): Command {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return ofFarm(new Command('add'))
    .description('build them from now on; said again: change how')
    .argument('<forge>', 'as "forge list" tells it')
    .argument('<repository>', 'OWNER/NAME, where they ask to be merged')
    .requiredOption('--specification <name>', 'the one that stands model; it may be inactive')
    .addOption(new Option('--admit <whom>', 'whose').choices(admissions).default('collaborators'))
    .option('--label <label>', 'of --admit label: the one that lets a request in')
    .option('--allow <account>', 'welcome whatever is said (repeat it for more)', collect, [])
    .option('--at-most <n>', 'requests that have a specification at once', '20')
    .option('--priority <n>', '0 is the most urgent, 9 the least', '9')
    .option('--max-running <n>', 'builds of one request that are out at once', '4')
    .option('--expiry-hours <n>', 'since its last new commit', '336')
    .action(async (forge: string, repository: string, options: AddOptions) => {
      const body = {
        ...{ repository, specification: options.specification, admits: options.admit },
        ...(options.label !== undefined && { label: options.label }),
        ...{ allowed: options.allow, requestsAtMost: Number(options.atMost) },
        ...{ priority: Number(options.priority), maxRunning: Number(options.maxRunning) },
        expiryHours: Number(options.expiryHours),
      };
      const { client } = await openFarmApi(options);
      const added = await createForgeTemplate(client, { path: { name: forge }, body });
      tell(options, added, () => lineOf(added));
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('whose are built')
    .argument('<forge>', 'as "forge list" tells it')
    .action(async (forge: string, options: FarmOptions) => {
      const { client } = await openFarmApi(options);
      const list = await listForgeTemplates(client, { path: { name: forge } });
      tell(options, list, () => list.items.map(lineOf).join(''));
    });
}

function lineOf(template: TemplateAnswer): string {
  const { id, repository, specification, admits, label, allowed, open, requestsAtMost } = template;
  const whom = admits === 'label' ? `those with the label ${label}` : admits;
  const also = allowed.length === 0 ? '' : ` and ${allowed.join(', ')}`;
  const now = `${open} of ${requestsAtMost}`;
  return `${id}  ${repository}  like ${specification}  for ${whom}${also}  ${now}\n`;
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('build them no more; their specifications go')
    .argument('<forge>', 'as "forge list" tells it')
    .argument('<id>', 'as "list" tells it')
    .action(async (forge: string, id: string, options: FarmOptions) => {
      const { client } = await openFarmApi(options);
      await removeForgeTemplate(client, { path: { name: forge, id } });
    });
}
