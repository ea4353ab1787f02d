/** What needs a hand, out of all that the farm knows of itself; what stands still comes first. */
import type { ForgeAnswer } from '#protocol/api/forge.js';
import type { RepositoryAnswer } from '#protocol/api/repository.js';
import type { CollectionAnswer, DiskAnswer } from '#protocol/api/retention.js';
import type { TokenAnswer } from '#protocol/api/token.js';
import type { UpstreamAnswer } from '#protocol/api/upstream.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { bytes, plural } from '../words.js';
import type { Matter } from './home.js';

interface FetchFault {
  readonly specification: string;
  readonly channel: string;
  readonly code: string;
  readonly failures: number;
  readonly since: string | null;
}

interface Counted {
  readonly number: number;
  readonly last: string | null;
}

export interface FarmFacts {
  readonly disks: readonly DiskAnswer[];
  readonly workers: readonly WorkerAnswer[];
  readonly fetchFaults: readonly FetchFault[];
  readonly repositories: readonly RepositoryAnswer[];
  readonly upstreams: readonly UpstreamAnswer[];
  readonly forges: readonly ForgeAnswer[];
  readonly tokens: readonly TokenAnswer[];
  readonly collection: CollectionAnswer | null;
  readonly givenUp: Counted;
  readonly failedDeliveries: Counted;
}

const day = 24 * 3600 * 1000;
const soonDays = 14;

export function mattersOf(facts: FarmFacts, now: Date): Matter[] {
  const matters = [
    ...facts.disks.map(disk),
    ...facts.workers.flatMap(worker),
    ...facts.fetchFaults.map(channel),
    ...facts.repositories.flatMap(repository),
    ...facts.upstreams.flatMap(upstream),
    ...facts.forges.flatMap((one) => forge(one, now)),
    ...collection(facts.collection),
    ...counted(facts.givenUp, {
      ...{ what: 'message', how: 'given up lately' },
      address: '/admin/notifications?state=given-up',
    }),
    ...counted(facts.failedDeliveries, {
      ...{ what: 'event', how: 'of forges could not be taken lately' },
      address: '/admin/forges',
    }),
    ...facts.tokens.flatMap((one) => token(one, now)),
  ];
  const order = { bad: 0, farm: 1 };
  return matters.sort((a, b) => order[a.tone] - order[b.tone]);
}

function disk({ place, level, freeBytes, totalBytes, since }: DiskAnswer): Matter {
  const held = level === 'soft' ? 'nothing new is evaluated' : 'nothing is evaluated or taken in';
  return {
    tone: 'bad',
    text: `Only ${bytes(freeBytes)} of ${bytes(totalBytes)} are free for ${place}: ${held}.`,
    ...{ since, address: '/admin/garbage', word: 'Make room' },
  };
}

function worker({ name, state, lastSeenAt, refusal }: WorkerAnswer): Matter[] {
  const to = { address: '/admin/workers', word: 'Workers' };
  if (state === 'refused') {
    const text = `The worker ${name} is not let in: ${refusal?.message ?? 'nobody knows why'}.`;
    return [{ tone: 'bad', text, since: refusal?.at ?? null, ...to }];
  }
  if (state === 'offline') {
    return [{ tone: 'farm', text: `The worker ${name} is gone.`, since: lastSeenAt, ...to }];
  }
  if (state !== 'disk-guard') return [];
  const text = `The worker ${name} takes no builds: its disk is full.`;
  return [{ tone: 'farm', text, since: null, ...to }];
}

function channel(fault: FetchFault): Matter {
  const { specification, channel: name, code, failures, since } = fault;
  const often = failures > 1 ? `, ${failures} times in a row` : '';
  const text = `The channel ${name} of ${specification} cannot be fetched (${code}${often}).`;
  const address = `/specifications/${specification}`;
  return { tone: 'bad', text, since, address, word: specification };
}

function repository({ name, faults, failure, lookedAt }: RepositoryAnswer): Matter[] {
  if (faults.length === 0 && failure === null) return [];
  const [first] = faults;
  const why = first ? `${first.file}:${first.line}: ${first.message}` : failure;
  const text = `The specifications of the repository ${name} are not applied: ${why}`;
  return [{ tone: 'bad', text, since: lookedAt, address: '/admin/repositories', word: 'Look' }];
}

function upstream({ url, failingSince, fault }: UpstreamAnswer): Matter[] {
  if (failingSince === null) return [];
  const text = `The upstream ${url} does not answer: ${fault ?? 'nobody knows why'}.`;
  return [{ tone: 'farm', text, since: failingSince, address: '/admin/stores', word: 'Stores' }];
}

function forge({ name, refused }: ForgeAnswer, now: Date): Matter[] {
  if (refused === null || now.getTime() - new Date(refused.at).getTime() > day) return [];
  const text = `Something told in the name of the forge ${name} was refused: ${refused.why}.`;
  return [{ tone: 'farm', text, since: refused.at, address: `/admin/forges/${name}`, word: name }];
}

function collection(last: CollectionAnswer | null): Matter[] {
  if (last === null || last.phase !== 'failed') return [];
  const text = `The last collection of garbage failed: ${last.fault ?? 'nobody knows why'}.`;
  const address = `/admin/garbage/${last.id}`;
  return [{ tone: 'farm', text, since: last.finishedAt, address, word: 'Look' }];
}

function counted(
  { number, last }: Counted,
  say: { readonly what: string; readonly how: string; readonly address: string },
): Matter[] {
  if (number === 0) return [];
  const text = `${plural(number, say.what)} ${say.how}.`;
  return [{ tone: 'farm', text, since: last, address: say.address, word: 'Look' }];
}

function token({ name, state, expiresAt }: TokenAnswer, now: Date): Matter[] {
  if (state !== 'good' || expiresAt === null) return [];
  const days = Math.floor((new Date(expiresAt).getTime() - now.getTime()) / day);
  if (days >= soonDays) return [];
  const text = `The token of ${name} ends in ${plural(Math.max(days, 0), 'day')}.`;
  return [{ tone: 'farm', text, since: null, address: '/admin/tokens', word: 'Tokens' }];
}
