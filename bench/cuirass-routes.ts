/** The addresses that are measured, as clients ask for them, over the generated farm. */
import type { Database } from '#adapters/postgres/database.js';
import type { SeededChance } from './seeded-chance.js';

export interface MeasuredRoute {
  /** As the table shows it. */
  readonly name: string;
  readonly path: () => string;
  /** Accepted besides 200. */
  readonly status?: number;
  readonly accept?: string;
}

/** What addresses are made of; taken from the farm once. */
export interface Samples {
  readonly builds: number;
  /** The last that is not still being built. */
  readonly evaluations: number;
  readonly largest: number;
  readonly derivations: readonly string[];
  readonly outputs: readonly string[];
  readonly jobs: readonly string[];
  readonly packages: readonly string[];
}

export const specifications = ['guix', 'master', 'staging', 'core-packages', 'gnome-team'];
const systems = ['x86_64-linux', 'i686-linux', 'aarch64-linux', 'powerpc64le-linux'];

export async function takeSamples(database: Database, chance: SeededChance): Promise<Samples> {
  const [counts] = await database.query<{ builds: number; evaluations: number }>(
    `select max(id) as builds, (select max(id) - 1 from evaluations where specification_id <= 13)
       as evaluations from builds`,
  );
  const { builds, evaluations } = counts!;
  const ids = Array.from({ length: 500 }, () => 1 + chance.below(builds));
  const rows = await database.query<{ path: string; output: string; package: string }>(
    `select d.path, o.path as output, d.package_name as package
       from derivations d join outputs o on o.derivation_id = d.id and o.name = 'out'
      where d.id = any ($1)`,
    [ids],
  );
  const jobs = await database.query<{ name: string }>(
    `select n.name from jobs j join job_names n on n.id = j.name_id
      where j.build_id = any ($1) and j.evaluation_id <= $2`,
    [ids, evaluations],
  );
  return {
    ...{ builds, evaluations: evaluations - 13, largest: evaluations + 1 },
    derivations: rows.map(({ path }) => path),
    outputs: rows.map(({ output }) => output),
    packages: rows.map((row) => row.package),
    jobs: jobs.map(({ name }) => name),
  };
}

/** Draws what addresses name. */
class Draw {
  constructor(
    private readonly samples: Samples,
    private readonly chance: SeededChance,
  ) {}

  build = (): number => 1 + this.chance.below(this.samples.builds);
  evaluation = (): number => 1 + this.chance.below(this.samples.evaluations);
  spec = (): string => this.one(specifications);
  system = (): string => this.one(systems);
  worker = (): string => `hydra-guix-${1 + this.chance.below(20)}`;
  job = (): string => encodeURIComponent(this.one(this.samples.jobs));
  jobs = (count: number): string => Array.from({ length: count }, this.job).join(',');
  package = (): string => encodeURIComponent(this.one(this.samples.packages));
  derivation = (): string => encodeURIComponent(this.one(this.samples.derivations));
  output = (): string => encodeURIComponent(this.one(this.samples.outputs));

  private one<T>(among: readonly T[]): T {
    return among[this.chance.below(among.length)]!;
  }
}

type Paths = Readonly<Record<string, () => string>>;

/** Programs' addresses, with every filter that clients use. */
export function cuirassRoutes(samples: Samples, chance: SeededChance): MeasuredRoute[] {
  const draw = new Draw(samples, chance);
  return [
    ...routesOf({ ...single(draw), ...lists(draw), ...builds(draw) }, {}),
    ...routesOf(redirects(draw), { status: 302 }),
    // The bytes of logs are not made: what is measured is finding out that there are none.
    ...routesOf(absent(draw), { status: 404 }),
  ];
}

function single(draw: Draw): Paths {
  return {
    '/jobsets': () => '/jobsets',
    '/specifications': () => '/specifications',
    '/jobset/NAME': () => `/jobset/${draw.spec()}`,
    '/jobset/NAME/badge.svg': () => `/jobset/${draw.spec()}/badge.svg`,
    '/build/ID': () => `/build/${draw.build()}`,
    '/build/HASH-NAME.drv': () => `/build/${draw.derivation()}`,
    '/output/HASH-NAME': () => `/output/${draw.output()}`,
    '/eval/ID': () => `/eval/${draw.evaluation()}`,
    '/api/evaluation?id': () => `/api/evaluation?id=${draw.evaluation()}`,
    '/api/dashboard/register': () =>
      `/api/dashboard/register?spec=${draw.spec()}&names=${draw.job()}`,
    '/events/rss': () => '/events/rss',
    '/events/rss?specification': () => `/events/rss?specification=${draw.spec()}`,
    '/events/atom': () => '/events/atom',
  };
}

function lists(draw: Draw): Paths {
  const jobs = (): string => `/api/jobs?evaluation=${draw.evaluation()}`;
  const history = (): string => `/api/jobs/history?spec=${draw.spec()}`;
  return {
    '/api/evaluations?nr=10': () => '/api/evaluations?nr=10',
    '/api/evaluations?nr=100&spec': () => `/api/evaluations?nr=100&spec=${draw.spec()}`,
    '/api/evaluations?nr=2000': () => '/api/evaluations?nr=2000',
    '/api/jobs?evaluation': jobs,
    '/api/jobs?evaluation&system': () => `${jobs()}&system=${draw.system()}`,
    '/api/jobs?evaluation&names': () => `${jobs()}&names=${draw.jobs(3)}`,
    '/api/jobs/history?nr=10': () => `${history()}&names=${draw.job()}&nr=10`,
    '/api/jobs/history?nr=100, 5 names': () => `${history()}&names=${draw.jobs(5)}&nr=100`,
    '/api/queue?nr=10': () => '/api/queue?nr=10',
    '/api/queue?nr=1000': () => '/api/queue?nr=1000',
    '/api/queue?nr=10&jobset': () => `/api/queue?nr=10&jobset=${draw.spec()}`,
    '/api/queue?nr=10&system': () => `/api/queue?nr=10&system=${draw.system()}`,
  };
}

function builds(draw: Draw): Paths {
  const latest = '/api/latestbuilds?nr';
  return {
    [`${latest}=10`]: () => `${latest}=10`,
    [`${latest}=100`]: () => `${latest}=100`,
    [`${latest}=1000`]: () => `${latest}=1000`,
    [`${latest}=10&jobset`]: () => `${latest}=10&jobset=${draw.spec()}`,
    [`${latest}=1000&jobset`]: () => `${latest}=1000&jobset=${draw.spec()}`,
    [`${latest}=10&system`]: () => `${latest}=10&system=${draw.system()}`,
    [`${latest}=10&system (unknown)`]: () => `${latest}=10&system=i586-gnu`,
    [`${latest}=10&job`]: () => `${latest}=10&job=${draw.job()}`,
    [`${latest}=1&jobset&job&status`]: () =>
      `${latest}=1&jobset=guix&job=guix.${draw.system()}&status=0`,
    [`${latest}=10&evaluation`]: () => `${latest}=10&evaluation=${draw.evaluation()}`,
    [`${latest}=1000&evaluation`]: () => `${latest}=1000&evaluation=${draw.evaluation()}`,
    [`${latest}=10&oldevaluation`]: () => `${latest}=10&oldevaluation=${draw.evaluation()}`,
    [`${latest}=10&status=failed`]: () => `${latest}=10&status=failed`,
    [`${latest}=10&worker`]: () => `${latest}=10&worker=${draw.worker()}`,
    [`${latest}=1&derivation`]: () =>
      `${latest}=1&derivation=%2Fgnu%2Fstore%2F${draw.derivation()}`,
    [`${latest}=1&id`]: () => `${latest}=1&id=${draw.build()}`,
  };
}

function redirects(draw: Draw): Paths {
  const image = 'spec:guix+status:success+system:x86_64-linux+image.iso';
  return {
    '/eval/latest?spec': () => `/eval/latest?spec=${draw.spec()}`,
    '/eval/latest/dashboard?spec&system': () =>
      `/eval/latest/dashboard?spec=${draw.spec()}&system=${draw.system()}`,
    '/search/latest?query=PACKAGE': () => `/search/latest?query=${draw.package()}`,
    '/search/latest?query=spec:+status:+system:+p': () =>
      `/search/latest?query=spec:${draw.spec()}+status:success+system:${draw.system()}+p`,
    '/search/latest/ISO-9660?query': () => `/search/latest/ISO-9660?query=${image}`,
    '/build/ID/details': () => `/build/${draw.build()}/details`,
  };
}

function absent(draw: Draw): Paths {
  return {
    '/build/ID/log/raw': () => `/build/${draw.build()}/log/raw`,
    '/log/HASH-NAME': () => `/log/${draw.output()}`,
    '/eval/ID/log/raw': () => `/eval/${draw.evaluation()}/log/raw`,
  };
}

/** Pages for people, and our own API. */
export function pageRoutes(samples: Samples, chance: SeededChance): MeasuredRoute[] {
  const draw = new Draw(samples, chance);
  const paths = {
    'page /': () => '/',
    'page /specifications/NAME': () => `/specifications/${draw.spec()}`,
    'page /evaluations/ID': () => `/evaluations/${draw.evaluation()}`,
    'page /builds/ID': () => `/builds/${draw.build()}`,
    'page /workers': () => '/workers',
    'page /metrics': () => '/metrics',
  };
  const api = {
    '/api/v1/metrics': () => '/api/v1/metrics',
    '/api/v1/evaluations': () => '/api/v1/evaluations',
    '/api/v1/builds': () => '/api/v1/builds',
  };
  return [...routesOf(paths, { accept: 'text/html' }), ...routesOf(api, {})];
}

function routesOf(paths: Paths, more: Omit<MeasuredRoute, 'name' | 'path'>): MeasuredRoute[] {
  return Object.entries(paths).map(([name, path]) => ({ name, path, ...more }));
}
