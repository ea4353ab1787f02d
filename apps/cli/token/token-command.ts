/** `gambeson token`: who may write to a store from outside, or read a private one. */
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import {
  createToken,
  listTokens,
  removeToken,
  type TokenAnswer,
} from '#client/generated/tokens.js';
import { roles, type Role } from '#domain/access/actor.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { expiryOf } from '../retention/units.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';

const examples = `
Examples:
  gambeson token create --name 'CI of the tools team' --store team --access write --expires 90d
  gambeson token create --name forge --specification packages --access write
  gambeson token create --name deploy --role maintainer --specifications guix,core --expires 30d
  gambeson token list
  gambeson token revoke 7

A token that may write to a store pushes closures there:
  nix copy --to 'http://FARM:3000/team?compression=zstd' --option netrc-file ./netrc /nix/store/…
with a netrc of one line:
  machine FARM login anybody password TOKEN
One that may write to a specification has it evaluated: POST /jobset/NAME/hook/evaluate.
One with a role may use the API as far as that role goes: see docs/administer.md.
A token is shown once, when it is made. A revoked one is refused from that moment on.`;

export function tokenCommand(): Command {
  return new Command('token')
    .description('access tokens: for pushes, private stores, hooks and the API')
    .addHelpText('after', examples)
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions extends FarmOptions {
  readonly name: string;
  readonly store?: string;
  readonly specification?: string;
  readonly access: 'read' | 'write';
  readonly role?: Role;
  readonly specifications?: string;
  readonly expires?: string;
  readonly output?: string;
}

function createCommand(): Command {
  return ofFarm(new Command('create'))
    .description('make a token and print it, this once')
    .requiredOption('--name <text>', 'who holds it, for the list')
    .option('--store <slug>', 'the store that it is for')
    .option('--specification <name>', 'the specification that it is for')
    .addOption(
      new Option('--access <access>', 'read, or write, which includes it')
        .choices(['read', 'write'])
        .default('read'),
    )
    .addOption(new Option('--role <role>', 'as what it acts on the farm itself').choices(roles))
    .option('--specifications <names>', 'with commas: its role changes these alone')
    .option('--expires <time>', 'such as 90d or 2027-05-01; never unless told', (text) =>
      expiryOf(text),
    )
    .option('--output <file>', 'write the token there (mode 0600) instead of printing it')
    .action(async (options: CreateOptions) => {
      const { name, store, specification, access, role, expires, output } = options;
      const lifeSeconds = expires && Math.ceil((Date.parse(expires) - Date.now()) / 1000);
      const specifications = options.specifications?.split(',').map((one) => one.trim());
      const body = {
        ...{ name, access },
        ...(store !== undefined && { store }),
        ...(specification !== undefined && { specification }),
        ...(role !== undefined && { role }),
        ...(specifications !== undefined && { specifications }),
        ...(lifeSeconds && { lifeSeconds }),
      };
      const made = await createToken((await openFarmApi(options)).client, { body });
      if (output !== undefined) {
        await writeFile(output, `${made.token}\n`, { mode: 0o600, flag: 'wx' });
      }
      const { token, ...rest } = made;
      const shown = output === undefined ? made : rest;
      tell(options, shown, () => `${output ?? token}\n`);
    });
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('every token with its scope and its last use')
    .action(async (options: FarmOptions) => {
      const list = await listTokens((await openFarmApi(options)).client);
      const head = ['ID', 'NAME', 'FOR', 'ACCESS', 'STATE', 'EXPIRES', 'LAST USED'];
      tell(options, list, () => plainTable(head, list.items.map(rowOf)));
    });
}

function revokeCommand(): Command {
  return ofFarm(new Command('revoke'))
    .description('refuse a token from now on')
    .argument('<id>', 'as "list" tells it')
    .action(async (id: string, options: FarmOptions) => {
      await removeToken((await openFarmApi(options)).client, { path: { id } });
    });
}

function rowOf(token: TokenAnswer): string[] {
  const { id, name, store, specification, access, state, expiresAt, lastUsedAt } = token;
  const { role, specifications } = token;
  const bound = specifications === null ? 'the farm' : specifications.join(' ');
  const of = [
    ...[store && `store ${store}`, specification && `specification ${specification}`],
    role && `${role} of ${bound}`,
  ];
  return [
    ...[id, name, of.filter(Boolean).join(', '), access, state],
    ...[expiresAt?.slice(0, 16) ?? 'never', lastUsedAt?.slice(0, 16) ?? 'never'],
  ];
}
