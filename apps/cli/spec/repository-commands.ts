/** `gambeson spec follow|followed|look|unfollow`: specifications that a git repository keeps. */
import { Command, InvalidArgumentError } from 'commander';
import {
  createRepository,
  listRepositories,
  lookRepository,
  removeRepository,
} from '#client/generated/repositories.js';
import type { RepositoryAnswer } from '#client/generated/shared.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { tell } from '../tell/tell.js';

interface FollowOptions extends FarmOptions {
  readonly branch: string;
  readonly file: readonly string[];
  readonly name?: string;
  readonly credential?: string;
  readonly period: number;
  readonly adopt: boolean;
}

export function followCommand(): Command {
  const collect = (value: string, before: readonly string[]): string[] => [...before, value];
  return ofFarm(new Command('follow'))
    .description('keep the specifications that files of a git repository say, from now on')
    .argument('<url>', 'such as https://git.example.org/farm.git')
    .option('--branch <branch>', 'the branch that is followed', 'main')
    .option('--file <path>', 'within it (may be repeated); else specifications.scm', collect, [])
    .option('--name <name>', 'else the last part of the address')
    .option('--credential <name>', 'the file of that name among the farm’s credentials')
    .option('--period <seconds>', 'between two looks; 0: as often as channels', numberOf, 0)
    .option('--adopt', 'take over what another file or repository keeps', false)
    .action(async (url: string, options: FollowOptions) => {
      const { branch, credential, adopt, period: periodSeconds } = options;
      const files = options.file.length > 0 ? options.file : ['specifications.scm'];
      const name = options.name ?? lastPart(url);
      const secret = credential === undefined ? {} : { credential };
      const body = { name, url, branch, files, adopt, periodSeconds, ...secret };
      const followed = await createRepository((await openFarmApi(options)).client, { body });
      tell(options, followed, () => linesOf(followed));
    });
}

export function followedCommand(): Command {
  return ofFarm(new Command('followed'))
    .description('which repositories are followed, and the faults of their files')
    .action(async (options: FarmOptions) => {
      const list = await listRepositories((await openFarmApi(options)).client);
      tell(options, list, () => list.items.map(linesOf).join(''));
    });
}

export function lookCommand(): Command {
  return ofFarm(new Command('look'))
    .description('look at a followed repository now')
    .argument('<repository>', 'as "followed" tells it')
    .action(async (name: string, options: FarmOptions) => {
      const { client } = await openFarmApi(options);
      const followed = await lookRepository(client, { path: { name } });
      tell(options, followed, () => linesOf(followed));
    });
}

export function unfollowCommand(): Command {
  return ofFarm(new Command('unfollow'))
    .description('follow a repository no more; its specifications stay, kept by nobody')
    .argument('<repository>', 'as "followed" tells it')
    .action(async (name: string, options: FarmOptions) => {
      await removeRepository((await openFarmApi(options)).client, { path: { name } });
      tell(options, { left: name }, () => `${name} is followed no more\n`);
    });
}

/** The repository, and below it what keeps it from being applied. */
function linesOf(repository: RepositoryAnswer): string {
  const { name, url, branch, files, appliedRevision, failure, faults } = repository;
  const state = appliedRevision === null ? 'not applied yet' : `applied ${appliedRevision}`;
  const lines = [
    `${name}  ${url} ${branch}: ${files.join(' ')}  ${state}`,
    ...(failure === null ? [] : [`    ${failure}`]),
    ...faults.map(({ file, line, column, message }) => {
      return `    ${file}:${line}:${column}: ${message}`;
    }),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function lastPart(url: string): string {
  const last = url.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return last.replace(/\.git$/, '');
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && text.trim() !== '') return number;
  throw new InvalidArgumentError('It is no whole number.');
}
