/** `gambeson build list|show|why`. */
import { Command, Option } from 'commander';
import { getBuild, getBuildHistory, listBuilds } from '#client/generated/builds.js';
import type { BuildSummary } from '#client/generated/shared.js';
import { buildStatuses, type BuildStatus, isFailed, isFinal } from '#domain/build/status.js';
import { duration, relative, secondsBetween } from '#views/words.js';
import { limitOf } from '../arguments.js';
import { exitCodes } from '../exit-codes.js';
import { openFarmApi } from '../farm-options.js';
import { findBuild } from '../farm-targets.js';
import { tell, tellsOfFarm, tellTable, type Telling } from '../tell/tell.js';
import { buildFacts, whyWords } from './build-words.js';

const named = 'an id, address, or package (its newest build)';

interface ListOptions extends Telling {
  readonly status?: BuildStatus;
  readonly system?: string;
  readonly package?: string;
  readonly query?: string;
  readonly limit: number;
}

export function listCommand(): Command {
  return tellsOfFarm(new Command('list'))
    .description('builds, newest first')
    .addOption(
      new Option('--status <status>', 'those that stand so').choices(Object.keys(buildStatuses)),
    )
    .option('--system <system>', 'such as x86_64-linux')
    .option('--package <name>', 'whole, without its version')
    .option('--query <terms>', 'as on the page of search: spec: status: since: -name: and words')
    .option('--limit <n>', 'how many, at most 500', limitOf, 20)
    .action(async (options: ListOptions) => {
      const { limit, status, system, package: name, query: q } = options;
      const narrowed = { ...(status && { status }), ...(system && { system }) };
      const query = { limit, ...narrowed, ...(name && { package: name }), ...(q && { q }) };
      const farm = await openFarmApi(options);
      const page = await listBuilds(farm.client, { query });
      tell(options, page, () => buildTable(options, page.items));
    });
}

function buildTable(options: Telling, builds: readonly BuildSummary[]): string {
  const now = new Date();
  const rows = builds.map((one) => [
    ...[one.id, { text: one.status, status: true }, one.name, one.system],
    one.startedAt === null ? '' : duration(secondsBetween(one.startedAt, one.endedAt ?? now)),
    one.endedAt === null ? '' : relative(one.endedAt, now),
    one.reason ?? '',
  ]);
  const head = ['ID', 'STATUS', 'NAME', 'SYSTEM', 'TOOK', 'ENDED', 'REASON'];
  return tellTable(options, { head, rows }, 'There is no such build.');
}

export function showCommand(): Command {
  return tellsOfFarm(new Command('show'))
    .description('one build: its status and why, attempts, outputs, neighbours')
    .argument('<build>', named)
    .action(async (text: string, options: Telling) => {
      const { farm, id } = await findBuild(text, options);
      const build = await getBuild(farm.client, { path: { id } });
      tell(options, build, () => buildFacts(options, build));
    });
}

export function whyCommand(): Command {
  return tellsOfFarm(new Command('why'))
    .description('why a build waits, or why it failed; exit status 1 when it failed')
    .argument('<build>', named)
    .action(async (text: string, options: Telling) => {
      const { farm, id } = await findBuild(text, options);
      const build = await getBuild(farm.client, { path: { id } });
      const { status, reason, sentence, message, wait, estimate, failedInput } = build;
      const broken = isFinal(status) && isFailed(status);
      const history = broken ? await getBuildHistory(farm.client, { path: { id } }) : null;
      const told = { id, status, reason, sentence, message, wait, estimate, failedInput, history };
      tell(options, told, () => whyWords(build, history, new Date()));
      if (broken) process.exitCode = exitCodes.unwell;
    });
}
