/**
 * What wants a look at the farm now, in sentences: channels that cannot be fetched, evaluations
 * that could not be read, workers that are gone, builds that nobody can build, and a farm that
 * stands still. Pure.
 */
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import type { QueueCount } from '#protocol/api/queue.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { plural } from './words.js';

export interface FarmAlert {
  readonly sentence: string;
  /** Where more is told. */
  readonly address: string;
  readonly since: string | null;
  /** Whose it is to mend: the farm's, or the authors' of what is built. */
  readonly tone: 'bad' | 'farm';
}

export interface AlertFacts {
  readonly specifications: readonly SpecificationAnswer[];
  readonly queue: QueueCount;
  readonly workers: readonly WorkerAnswer[];
}

export function farmAlerts({ specifications, queue, workers }: AlertFacts): readonly FarmAlert[] {
  return [
    ...standstill(queue, workers),
    ...goneWorkers(workers),
    ...unbuildable(queue),
    ...specifications.flatMap(fetchFaults),
    ...specifications.flatMap(unreadable),
  ];
}

/** Builds wait, workers are there and take builds, and still nothing is built. */
function standstill(queue: QueueCount, workers: readonly WorkerAnswer[]): FarmAlert[] {
  const waiting = queue.byReason
    .filter(({ reason }) => reason === 'all-busy' || reason === 'released')
    .reduce((sum, { builds }) => sum + builds, 0);
  const taking = workers.filter(({ state }) => state === 'connected').length;
  if (waiting === 0 || taking === 0 || queue.started + queue.submitted > 0) return [];
  const sentence = `Nothing is being built, though ${plural(waiting, 'build')} could be.`;
  return [{ sentence, address: '/queue', since: null, tone: 'farm' }];
}

/** One is named; of many only the number is told. */
function goneWorkers(workers: readonly WorkerAnswer[]): FarmAlert[] {
  return [
    ...ofWorkers(workers, 'offline', (names) => `${names} gone.`),
    ...ofWorkers(workers, 'refused', (names) => `${names} refused by the farm.`),
    ...ofWorkers(workers, 'disk-guard', (names, alone) => {
      return `${names} short of disk, and ${alone ? 'takes' : 'take'} no builds.`;
    }),
  ];
}

function ofWorkers(
  workers: readonly WorkerAnswer[],
  state: WorkerAnswer['state'],
  say: (names: string, alone: boolean) => string,
): FarmAlert[] {
  const found = workers.filter((worker) => worker.state === state);
  const [first] = found;
  if (!first) return [];
  const alone = found.length === 1;
  const names = alone ? `Worker ${first.name} is` : `${plural(found.length, 'worker')} are`;
  const since = alone ? (first.refusal?.at ?? first.lastSeenAt) : null;
  return [{ sentence: say(names, alone), address: '/workers', since, tone: 'farm' }];
}

const hopeless: Readonly<Record<string, string>> = {
  'no-worker-for-system': 'for a system that no worker builds for',
  'no-worker-for-features': 'for features that no worker has',
  'workers-offline': 'for workers that are gone',
  'workers-paused': 'for workers that are paused',
  'disk-guard': 'for workers that are short of disk',
};

function unbuildable(queue: QueueCount): FarmAlert[] {
  return queue.byReason.flatMap(({ reason, builds }): FarmAlert[] => {
    const what = hopeless[reason];
    if (what === undefined || builds === 0) return [];
    const verb = builds === 1 ? 'waits' : 'wait';
    const sentence = `${plural(builds, 'build')} ${verb} ${what}.`;
    return [{ sentence, address: '/queue', since: null, tone: 'farm' }];
  });
}

function fetchFaults({ name, channels }: SpecificationAnswer): FarmAlert[] {
  return channels.flatMap((channel): FarmAlert[] => {
    if (channel.error === null) return [];
    const { code, since, failures } = channel.error;
    const often = failures > 1 ? `, ${failures} times in a row` : '';
    const sentence = `${name}: channel ${channel.name} cannot be fetched (${code}${often}).`;
    return [{ sentence, address: `/specifications/${name}`, since, tone: 'bad' }];
  });
}

function unreadable({ name, lastEvaluation: last }: SpecificationAnswer): FarmAlert[] {
  if (last?.status !== 'failed') return [];
  const why = last.reason === null ? '' : ` (${last.reason})`;
  const sentence = `${name}: evaluation ${last.id} could not be read${why}.`;
  return [{ sentence, address: `/evaluations/${last.id}`, since: last.endedAt, tone: 'bad' }];
}
