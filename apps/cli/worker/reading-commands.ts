/** `gambeson worker list|show`: who builds, and what. */
import { Command } from 'commander';
import { listWorkers, type WorkerAnswer } from '#client/generated/workers.js';
import { bytes, duration, relative, secondsBetween } from '#views/words.js';
import { openFarmApi } from '../farm-options.js';
import { findWorker } from '../farm-targets.js';
import { tell, tellFacts, tellsOfFarm, tellTable, type Telling } from '../tell/tell.js';

export function listCommand(): Command {
  return tellsOfFarm(new Command('list'))
    .description('every worker, and how it does')
    .action(async (options: Telling) => {
      const farm = await openFarmApi(options);
      const list = await listWorkers(farm.client);
      tell(options, list, () => tableOf(options, list.items));
    });
}

export function tableOf(options: Telling, workers: readonly WorkerAnswer[]): string {
  const now = new Date();
  const rows = workers.map((worker) => [
    ...[worker.name, { text: worker.state, status: true }, worker.systems.join(',')],
    `${worker.running.length}/${worker.slots}`,
    worker.load === null ? '' : worker.load.toFixed(1),
    worker.lastSeenAt === null ? 'never' : relative(worker.lastSeenAt, now),
    noteOf(worker),
  ]);
  const head = ['NAME', 'STATE', 'SYSTEMS', 'BUSY', 'LOAD', 'SEEN', 'NOTE'];
  return tellTable(options, { head, rows }, 'No worker has enrolled: gambeson worker enrol');
}

function noteOf({ pauseNote, pauseUntil, refusal, state }: WorkerAnswer): string {
  if (state === 'refused') return refusal?.message ?? '';
  const until = pauseUntil === null ? '' : `until ${pauseUntil.slice(0, 16)}Z`;
  return [pauseNote ?? '', until].filter(Boolean).join(', ');
}

export function showCommand(): Command {
  return tellsOfFarm(new Command('show'))
    .description('one worker, with what it builds now')
    .argument('<worker>', 'its name, id or address')
    .action(async (text: string, options: Telling) => {
      const { worker } = await findWorker(text, options);
      tell(options, worker, () => factsOf(options, worker) + runningOf(options, worker));
    });
}

function factsOf(options: Telling, worker: WorkerAnswer): string {
  const { name, id, state, systems, features, slots, cores, speed, version, protocol } = worker;
  const now = new Date();
  const size = (count: number | null): string => (count === null ? '' : bytes(count));
  return tellFacts(options, [
    ['worker', `${name} (${id})`],
    ['state', [state, noteOf(worker)].filter(Boolean).join(': ')],
    ['systems', systems.join(', ')],
    ['features', features.join(', ')],
    ['slots', `${slots}, with ${cores} cores each, speed ${speed}`],
    ['version', version === null ? '' : `${version}, protocol ${protocol ?? '?'}`],
    ['load', worker.load === null ? '' : worker.load.toFixed(2)],
    ['memory free', size(worker.memoryFree)],
    ['disk free', size(worker.diskFree)],
    ['seen', worker.lastSeenAt === null ? 'never' : relative(worker.lastSeenAt, now)],
    ['enrolled', relative(worker.enrolledAt, now)],
  ]);
}

function runningOf(options: Telling, { running }: WorkerAnswer): string {
  if (options.plain || running.length === 0) return '';
  const now = new Date();
  const rows = running.map(({ slot, build }) => [
    ...[String(slot), build.id, build.name, build.system],
    build.startedAt === null ? '' : duration(secondsBetween(build.startedAt, now)),
  ]);
  return `\n${tellTable(options, { head: ['SLOT', 'BUILD', 'NAME', 'SYSTEM', 'FOR'], rows }, '')}`;
}
