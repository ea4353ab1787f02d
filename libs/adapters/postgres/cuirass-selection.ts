/**
 * Which builds `/api/latestbuilds` and `/api/queue` tell, written for ten million of them: every
 * plan walks an index from its end and stops, or looks at a bounded number of rows. What is wanted
 * by a job's name is told with the evaluation that has the job; all else with the evaluation that
 * brought the derivation.
 */
import type { BuildStatus } from '#domain/build/status.js';
import type { TellingBuild } from './cuirass-builds.js';
import { finalStatuses, pendingStatuses, statusListSql } from './cuirass-numbers.js';
import type { Database, Row } from './database.js';

export interface BuildFilters {
  readonly id?: number | undefined;
  /** Base name of the `.drv`. */
  readonly derivation?: string | undefined;
  readonly specification?: string | undefined;
  readonly job?: string | undefined;
  readonly system?: string | undefined;
  readonly evaluation?: number | undefined;
  /** Only those of evaluations before it. */
  readonly olderThan?: number | undefined;
  readonly worker?: string | undefined;
  readonly statuses?: readonly BuildStatus[] | undefined;
}

/** How many rows are looked at where no index has what is asked for. */
const lookedAt = {
  /** Of the newest ended builds, for those of one system. */
  ended: 10_000,
  /** Of the newest jobs of a name. */
  jobs: 20_000,
  /** Of a worker's last attempts, beyond those that are wanted. */
  attempts: 1000,
  /** Of the last attempts of a system's workers, in all and of each: slow systems end seldom. */
  attemptsOfSystem: 2000,
  attemptsOfEach: 200,
} as const;

export class CuirassSelection {
  constructor(private readonly database: Database) {}

  /** Ended builds, those of the newest evaluations first. */
  async latest(filters: BuildFilters, limit: number): Promise<TellingBuild[]> {
    const wanted = among(finalStatuses, filters.statuses);
    if (wanted.length === 0) return [];
    const asked = new Asked(filters, limit);
    const candidates = narrow(filters) ? asked.narrowed() : asked.ended();
    return this.ask(
      `select c.id, c.evaluation from (${candidates}) c join builds b on b.id = c.id
        where b.status in ${statusListSql(wanted)} and ${asked.rest()}
        order by c.evaluation desc, c.id desc limit ${asked.limit()}`,
      asked,
    );
  }

  /** Unfinished builds in the order in which they are handed out: those at work first. */
  async queue(filters: BuildFilters, limit: number): Promise<TellingBuild[]> {
    const wanted = among(pendingStatuses, filters.statuses);
    if (wanted.length === 0) return [];
    const asked = new Asked(filters, limit);
    if (!narrow(filters)) return this.ask(asked.waiting(wanted), asked);
    return this.ask(
      `select c.id, c.evaluation from (${asked.narrowed()}) c join builds b on b.id = c.id
        where b.status in ${statusListSql(wanted)} and ${asked.rest()}
        order by ${rank}, b.priority, b.id limit ${asked.limit()}`,
      asked,
    );
  }

  private ask(text: string, asked: Asked): Promise<TellingBuild[]> {
    return this.database.query<Row & TellingBuild>(text, asked.values);
  }
}

/** Cuirass's order of statuses: started, scheduled, submitted. */
const rank = `case b.status when 'started' then 1 when 'scheduled' then 2 else 3 end`;

function narrow({ id, derivation, job, worker }: BuildFilters): boolean {
  return [id, derivation, job, worker].some((filter) => filter !== undefined);
}

function among(
  all: readonly BuildStatus[],
  wanted: readonly BuildStatus[] | undefined,
): readonly BuildStatus[] {
  return wanted === undefined ? all : all.filter((status) => wanted.includes(status));
}

/** The parts of a statement and the values that they ask with. */
class Asked {
  readonly values: unknown[] = [];

  constructor(
    private readonly filters: BuildFilters,
    private readonly wanted: number,
  ) {}

  limit(): string {
    return this.value(this.wanted, 'bigint');
  }

  /** What each plan leaves to be looked at row by row. */
  rest(): string {
    const { system, worker } = this.filters;
    const parts = ['true'];
    if (system !== undefined) parts.push(this.ofSystem('c.id', system));
    if (worker !== undefined && narrow({ ...this.filters, worker: undefined })) {
      parts.push(`c.id in (${this.ofWorker(worker)})`);
    }
    return parts.join(' and ');
  }

  /** Where one of the filters leaves few. */
  narrowed(): string {
    const { id, derivation, job, worker } = this.filters;
    if (job !== undefined) return this.named(job);
    const own = `select b.id, b.evaluation_id as evaluation from builds b`;
    const parts = [...this.ofEvaluations('b.evaluation_id')];
    if (id !== undefined) parts.push(`b.id = ${this.value(id, 'bigint')}`);
    if (derivation !== undefined) parts.push(`b.id in (${this.ofDerivation(derivation)})`);
    else if (id === undefined && worker !== undefined) {
      parts.push(`b.id in (${this.ofWorker(worker)})`);
    }
    return `${own} where ${parts.join(' and ')}`;
  }

  /** Each build once, by the first evaluation asked about that has the job. */
  private named(job: string): string {
    const { id, derivation } = this.filters;
    const parts = [
      `j.name_id = (select id from job_names where name = ${this.value(job, 'text')})`,
      'j.build_id is not null',
      ...this.ofEvaluations('j.evaluation_id'),
    ];
    if (id !== undefined) parts.push(`j.build_id = ${this.value(id, 'bigint')}`);
    if (derivation !== undefined) parts.push(`j.build_id in (${this.ofDerivation(derivation)})`);
    return `select n.id, min(n.evaluation) as evaluation from (
      select j.build_id as id, j.evaluation_id as evaluation from jobs j
       where ${parts.join(' and ')} order by j.evaluation_id desc limit ${lookedAt.jobs}) n
       group by n.id`;
  }

  /** By evaluation, from the newest on; one evaluation or those of one specification alone. */
  ended(): string {
    const { specification, system } = this.filters;
    const most = system === undefined ? this.limit() : String(lookedAt.ended);
    const of = (condition: string) =>
      `select b.id, b.evaluation_id as evaluation from builds b
        where b.status in ${statusListSql(among(finalStatuses, this.filters.statuses))}
          and b.status in ${statusListSql(finalStatuses)} and ${condition}
        order by b.evaluation_id desc, b.id desc limit ${most}`;
    const byEvaluation = (): string => {
      if (specification === undefined) {
        return of(['true', ...this.ofEvaluations('b.evaluation_id')].join(' and '));
      }
      const evaluations = this.ofEvaluations('e.id').join(' and ');
      return `select c.id, c.evaluation from (
        select e.id from evaluations e where ${evaluations} order by e.id desc) e
        cross join lateral (${of('b.evaluation_id = e.id')}) c limit ${most}`;
    };
    if (system === undefined) return byEvaluation();
    return `(${byEvaluation()}) union (${this.byWorkersOf(system)})`;
  }

  /** A system's builds may lag far behind the others of their evaluations: its workers know. */
  private byWorkersOf(system: string): string {
    const parts = ['true', ...this.ofEvaluations('b.evaluation_id')].join(' and ');
    return `select b.id, b.evaluation_id from (
      select a.build_id from workers w cross join lateral (
        select a.build_id from attempts a where a.worker_id = w.id
         order by a.id desc limit ${lookedAt.attemptsOfEach}) a
       where ${this.value(system, 'text')} = any (w.systems) and w.removed_at is null
       limit ${lookedAt.attemptsOfSystem}) a
      join builds b on b.id = a.build_id where ${parts}`;
  }

  waiting(statuses: readonly BuildStatus[]): string {
    const { system } = this.filters;
    const parts = [...this.ofEvaluations('b.evaluation_id')];
    if (system !== undefined) parts.push(this.ofSystem('b.id', system));
    const most = this.limit();
    const each = (['started', 'scheduled', 'submitted'] as const)
      .filter((status) => statuses.includes(status))
      .map((status, place) => {
        const where = [`b.status = '${status}'`, ...parts].join(' and ');
        return `(select ${place} as place, b.id, b.evaluation_id as evaluation, b.priority
                   from builds b where ${where} order by b.priority, b.id limit ${most})`;
      });
    return `select id, evaluation from (${each.join(' union all ')}) q
             order by place, priority, id limit ${most}`;
  }

  private ofEvaluations(column: string): string[] {
    const { evaluation, olderThan, specification } = this.filters;
    const parts = [];
    if (evaluation !== undefined) parts.push(`${column} = ${this.value(evaluation, 'bigint')}`);
    if (olderThan !== undefined) parts.push(`${column} < ${this.value(olderThan, 'bigint')}`);
    if (specification !== undefined) {
      const name = this.value(specification, 'text');
      parts.push(`${column} = any (array(select i.id from evaluations i
        join specifications k on k.id = i.specification_id where k.name = ${name}))`);
    }
    return parts;
  }

  private ofDerivation(basename: string): string {
    const path = this.value(basename, 'text');
    return `select d.id from stores s join derivations d on d.store_id = s.id and d.path = ${path}`;
  }

  /** Those that it had last in hand. */
  private ofWorker(worker: string): string {
    const name = this.value(worker, 'text');
    return `select a.build_id from workers w cross join lateral (
      select a.build_id from attempts a
       where a.worker_id = w.id order by a.id desc limit ${this.limit()} + ${lookedAt.attempts}) a
      where w.name = ${name}`;
  }

  private ofSystem(build: string, system: string): string {
    return `(select d.system from derivations d where d.id = ${build}) =
      ${this.value(system, 'text')}`;
  }

  private value(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
