/** `gambeson forge …`: which forges the farm hears, whose requests it builds, what they told. */
import { Command, Option } from 'commander';
import {
  listForgeDeliveries,
  listForges,
  putForge,
  removeForge,
  tryForge,
  type ForgeAnswer,
  type ForgeDeliveryAnswer,
} from '#client/generated/forges.js';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import { limitOf } from '../arguments.js';
import { exitCodes } from '../exit-codes.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { tell } from '../tell/tell.js';
import { trialLine } from '../tell/trial-line.js';
import { requestsCommand } from './requests-command.js';

const examples = `
Examples:
  gambeson forge add codeberg --kind forgejo --address https://codeberg.org --secret codeberg-hook
  gambeson forge test codeberg
  gambeson forge requests add codeberg me/channel --specification channel
  gambeson forge deliveries codeberg

A secret is named, not written: it is a file of that name among the farm's credentials. Give the
forge's webhook the address FARM/webhooks/NAME and the secret that is in the file.`;

export function forgeCommand(): Command {
  return new Command('forge')
    .description('the forges that tell of pushes and pull requests')
    .addHelpText('after', examples)
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addCommand(testCommand())
    .addCommand(deliveriesCommand())
    .addCommand(requestsCommand());
}

interface AddOptions extends FarmOptions {
  readonly kind: ForgeKind;
  readonly address?: string;
  readonly api?: string;
  readonly secret: readonly string[];
  readonly status?: string;
}

function addCommand(): Command {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return ofFarm(new Command('add'))
    .description('hear it from now on; of a name that is known: change it')
    .argument('<name>', 'as in FARM/webhooks/NAME')
    .addOption(
      new Option('--kind <kind>', 'which software it is').choices(forgeKinds).makeOptionMandatory(),
    )
    .option('--address <url>', 'where its repositories lie (of GitHub itself it need not be said)')
    .option('--api <url>', 'where its API lies, when that is not where it usually is')
    .requiredOption('--secret <credential>', 'names a secret (repeat it for more)', collect, [])
    .option('--status <credential>', 'names the token that writes commit statuses')
    .action(async (name: string, options: AddOptions) => {
      const { kind, address, api, secret: secrets, status } = options;
      const body = {
        ...{ kind, secrets, statusCredential: status ?? null },
        ...(address !== undefined && { address }),
        ...(api !== undefined && { apiAddress: api }),
      };
      const { base, client } = await openFarmApi(options);
      const added = await putForge(client, { path: { name }, body, ifMatch: '*' });
      const secret = added.secrets.join(' or ');
      const hook = `Give its webhook the address ${base}/webhooks/${added.name}\n`;
      tell(options, added, () => `${hook}and the secret that is in the credential ${secret}.\n`);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('which there are, and how they do')
    .action(async (options: FarmOptions) => {
      const list = await listForges((await openFarmApi(options)).client);
      tell(options, list, () => list.items.map(lineOf).join(''));
    });
}

function lineOf({ name, kind, address, lastDeliveryAt, refused }: ForgeAnswer): string {
  const heard = lastDeliveryAt === null ? 'nothing heard yet' : `heard ${lastDeliveryAt}`;
  const doubt = refused === null ? '' : `  (refused ${refused.at}: ${refused.why})`;
  return `${name}  ${kind}  ${address}  ${heard}${doubt}\n`;
}

function removeCommand(): Command {
  return ofFarm(new Command('remove'))
    .description('hear it no more; the specifications of its requests go')
    .argument('<forge>', 'as "list" tells it')
    .action(async (name: string, options: FarmOptions) => {
      await removeForge((await openFarmApi(options)).client, { path: { name } });
    });
}

function testCommand(): Command {
  return ofFarm(new Command('test'))
    .description('whether its secrets and its token are good; exit status 1 when one is not')
    .argument('<forge>', 'as "list" tells it')
    .action(async (name: string, options: FarmOptions) => {
      const trial = await tryForge((await openFarmApi(options)).client, { path: { name } });
      tell(options, trial, () => trial.steps.map(trialLine).join(''));
      if (!trial.ok) process.exitCode = exitCodes.unwell;
    });
}

interface DeliveriesOptions extends FarmOptions {
  readonly limit: number;
}

function deliveriesCommand(): Command {
  return ofFarm(new Command('deliveries'))
    .description('what forges told, newest first, and what became of it')
    .argument('[name]', 'of this forge alone')
    .option('--limit <n>', 'so many, at most 500', limitOf, 20)
    .action(async (name: string | undefined, options: DeliveriesOptions) => {
      const query = { limit: options.limit, ...(name && { forge: name }) };
      const list = await listForgeDeliveries((await openFarmApi(options)).client, { query });
      tell(options, list, () => list.items.map(deliveryLine).join(''));
    });
}

function deliveryLine(delivery: ForgeDeliveryAnswer): string {
  const { forge, event, receivedAt, state, outcome, detail, specifications, repeated } = delivery;
  const word = outcome ?? state;
  const again = repeated === 0 ? '' : `  (came ${repeated} times more)`;
  const named = specifications.length === 0 ? '' : `  [${specifications.join(', ')}]`;
  return `${receivedAt}  ${forge}  ${event}  ${word}: ${detail ?? ''}${named}${again}\n`;
}
