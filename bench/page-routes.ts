/** Every page of the dashboard, as people's browsers ask for it, over the generated farm. */
import type { Database } from '#adapters/postgres/database.js';
import { administration } from './administration-routes.js';
import { specifications, type MeasuredRoute, type Samples } from './cuirass-routes.js';
import type { SeededChance } from './seeded-chance.js';
import { wholeName } from './ten-million-whole.js';

/** What only pages need: builds that are hard to show, and names. */
export interface PageSamples extends Samples {
  readonly whole: number;
  readonly waiting: readonly number[];
  readonly failed: readonly number[];
  /** Very many builds need these. */
  readonly hubs: readonly number[];
  readonly revisions: readonly string[];
}

export async function takePageSamples(
  database: Database,
  samples: Samples,
  whole: number,
): Promise<PageSamples> {
  const ids = async (text: string): Promise<number[]> =>
    (await database.query<{ id: number }>(text)).map(({ id }) => id);
  const revisions = await database.query<{ revision: string }>(
    `select revision from checkouts where evaluation_id % 7 = 3 and position = 0 limit 100`,
  );
  return {
    ...samples,
    whole,
    waiting: await ids(`select id from builds where status = 'scheduled' order by priority, id
                         limit 100`),
    failed: await ids(`select id from builds where status = 'failed-dependency'
                        and ended_at is not null order by ended_at desc limit 100`),
    hubs: await ids(`select i.input_id as id from (select generate_series(1, 100) as id) g
                       join lateral (select input_id from derivation_inputs
                         where derivation_id = g.id * 5000 order by input_id limit 1) i on true`),
    revisions: revisions.map(({ revision }) => revision),
  };
}

type Paths = Readonly<Record<string, () => string>>;

/** Each family of pages lists its own; a page that is not here has no figure. */
export function allPages(samples: PageSamples, chance: SeededChance): MeasuredRoute[] {
  const one = <T>(among: readonly T[]): T => among[chance.below(among.length)]!;
  const paths: Paths = {
    ...overviews(one),
    ...evaluations(samples, chance, one),
    ...builds(samples, chance, one),
    ...searches(samples, one),
    ...administration(samples, chance, () => one(specifications)),
  };
  return Object.entries(paths).map(([name, path]) => ({ name, path, accept: 'text/html' }));
}

type One = <T>(among: readonly T[]) => T;

function overviews(one: One): Paths {
  return {
    '/': () => '/',
    '/specifications/NAME': () => `/specifications/${one(specifications)}`,
    '/workers': () => '/workers',
    '/workers/NAME': () => `/workers/hydra-guix-${one([1, 2, 3, 11, 20])}`,
    '/queue': () => '/queue',
    '/metrics': () => '/metrics',
    '/use': () => '/use',
  };
}

function evaluations({ evaluations: last, whole }: PageSamples, chance: SeededChance, one: One) {
  const some = (): number => 1 + chance.below(last);
  const large = `/evaluations/${whole}`;
  return {
    '/evaluations/ID': () => `/evaluations/${some()}`,
    '/evaluations/ID of 150,000 jobs': () => large,
    '/evaluations/ID?status of 150,000': () => `${large}?status=failed`,
    '/evaluations/ID?system of 150,000': () =>
      `${large}?system=${one(['x86_64-linux', 'i686-linux'])}`,
    '/evaluations/ID?kind=all of 150,000': () => `${large}?kind=all`,
    '/evaluations/ID?name of 150,000': () => `${large}?kind=all&name=package-7`,
    '/evaluations/ID/map of 150,000': () => `${large}/map`,
    '/specifications/NAME of 150,000': () => `/specifications/${wholeName}`,
  };
}

function builds(
  { builds: last, waiting, failed, hubs }: PageSamples,
  chance: SeededChance,
  one: One,
) {
  const some = (): number => 1 + chance.below(last);
  return {
    '/builds/ID': () => `/builds/${some()}`,
    '/builds/ID that waits': () => `/builds/${one(waiting)}`,
    '/builds/ID failed by an input': () => `/builds/${one(failed)}`,
    '/builds/ID that very many need': () => `/builds/${one(hubs)}`,
    '/builds/ID/log': () => `/builds/${some()}/log`,
    '/builds/ID/graph': () => `/builds/${some()}/graph`,
    '/builds/ID/graph?steps=3&limit=300': () => `/builds/${one(hubs)}/graph?steps=3&limit=300`,
  };
}

function searches({ packages }: PageSamples, one: One): Paths {
  const word = (): string => encodeURIComponent(one(packages));
  return {
    '/search?query=PACKAGE': () => `/search?query=${word()}`,
    '/search?query=spec: status: since:': () =>
      `/search?query=spec:${one(specifications)}+status:failed+since:30d`,
    '/search?query=-name: system:': () => `/search?query=-name:python-*+system:i686-linux`,
    '/search?query=maintainer:': () => `/search?query=maintainer:ada`,
    '/packages?prefix': () => `/packages?prefix=${word().slice(0, 4)}`,
    '/packages/NAME': () => `/packages/${word()}`,
  };
}
