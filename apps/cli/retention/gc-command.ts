/** `gambeson store gc`: collects garbage, or says what would go, and tells how far it is. */
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import type { Client } from '#client/client.js';
import { getFarm } from '#client/generated/farm.js';
import {
  createCollection,
  getCollection,
  type CollectionAnswer,
} from '#client/generated/retention.js';
import { FarmFault } from '#std/farm-fault.js';
import { bytes as sizeText } from '#views/words.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { tell } from '../tell/tell.js';
import { bytesOf } from './units.js';

interface GcOptions extends FarmOptions {
  readonly dryRun: boolean;
  readonly free?: number;
  readonly wait: boolean;
}

const lookMilliseconds = 500;

const examples = `
Examples:
  gambeson store gc --dry-run      what would go, and what that frees
  gambeson store gc                let it go
  gambeson store gc --free 50G     only so much, what is unused for the longest time first

What is kept: the last good evaluations of each specification (its field "keep"), releases and pins,
with outputs, sources, derivations and logs; what was offered or read while its store's promise
lasts; and whatever a kept path refers to. Files go some minutes after their rows.`;

export function gcCommand(): Command {
  return ofFarm(new Command('gc'))
    .description('let go what nothing keeps')
    .option('--dry-run', 'only say what would go', false)
    .option('--free <size>', 'end when so much is let go, such as 50G', bytesOf)
    .option('--no-wait', 'ask for it and go')
    .addHelpText('after', examples)
    .action(async (options: GcOptions) => {
      const { client } = await openFarmApi(options);
      const { dryRun, free } = options;
      const body = { dryRun, ...(free !== undefined && { wantedBytes: free }) };
      const wished = await createCollection(client, { body });
      const end = options.wait ? await follow(client, wished, !options.json) : wished;
      tell(options, end, () => sentencesOf(end));
      if (end.fault !== null) throw new FarmFault('program-failed', end.fault, 'never');
      if (!options.json) await warn(client);
    });
}

/** Progress goes to stderr, where it stands in nobody's way. */
async function follow(
  client: Client,
  wished: CollectionAnswer,
  tells: boolean,
): Promise<CollectionAnswer> {
  let before = '';
  for (;;) {
    const now = await getCollection(client, { path: { id: wished.id } });
    const line = progressOf(now);
    if (tells && line !== before) process.stderr.write(`${line}\n`);
    before = line;
    if (now.finishedAt !== null) return now;
    await pause(lookMilliseconds);
  }
}

export function progressOf(one: CollectionAnswer): string {
  const { phase, pathsLooked, pathsFound, paths, bytes } = one;
  if (phase === 'waiting') return 'waits for the coordinator';
  if (phase === 'looking') return `${pathsLooked} paths looked at, ${pathsFound} are not kept`;
  if (phase === 'paths') return `${paths} of ${pathsFound} paths gone, ${sizeText(bytes)}`;
  return phase;
}

export function sentencesOf(one: CollectionAnswer): string {
  if (one.finishedAt === null) return `collection ${one.id} is asked for\n`;
  const verb = one.dryRun ? 'would go' : 'went';
  const counts = [
    ...[`${one.paths} paths`, `${one.derivations} derivations`],
    ...[`${one.evaluations} evaluations`, `${one.logs} logs`, `${one.packs} packs`],
  ];
  const frees = `${one.dryRun ? 'That would free' : 'That frees'} ${sizeText(one.bytes)}.`;
  return `Of ${one.pathsLooked} paths looked at ${verb}: ${counts.join(', ')}.\n${frees}\n`;
}

async function warn(client: Client): Promise<void> {
  const { disks } = await getFarm(client);
  for (const { place, level, freeBytes } of disks) {
    const what = level === 'hard' ? 'nothing is taken in' : 'nothing new is evaluated';
    process.stderr.write(`${place}: only ${sizeText(freeBytes)} are free, so ${what}\n`);
  }
}
