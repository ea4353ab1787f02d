/**
 * The statements by which cuirass-selection.ts asks. Candidates come from an index; what is left to
 * be looked at row by row is bounded.
 */
import type { BuildStatus } from '#domain/build/status.js';
import { finalStatuses, statusListSql } from './cuirass-numbers.js';

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
export const lookedAt = {
  /** Of the newest ended builds, for those of one system. */
  ended: 10_000,
  /** Of the newest jobs of a name. */
  jobs: 20_000,
  /** Of a worker's last attempts, beyond those that are wanted. */
  attempts: 1000,
  /** Of the last attempts of each of a system's workers, and how many of these. */
  attemptsOfEach: 200,
  workersOfSystem: 10,
} as const;

/** Whether one of the filters leaves few. */
export function narrow({ id, derivation, job, worker }: BuildFilters): boolean {
  return [id, derivation, job, worker].some((filter) => filter !== undefined);
}

export function among(
  all: readonly BuildStatus[],
  wanted: readonly BuildStatus[] | undefined,
): readonly BuildStatus[] {
  return wanted === undefined ? all : all.filter((status) => wanted.includes(status));
}

/** The parts of a statement and the values that they ask with. */
export class Asked {
  readonly values: unknown[] = [];

  constructor(
    private readonly filters: BuildFilters,
    private readonly wanted: number,
    private readonly workers: readonly number[],
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
      parts.push(`c.id in (${this.inHand(this.wanted + lookedAt.attempts)})`);
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
      parts.push(`b.id in (${this.inHand(this.wanted + lookedAt.attempts)})`);
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
    // A system's builds may lag far behind the others of their evaluations: its workers know.
    const parts = ['true', ...this.ofEvaluations('b.evaluation_id')].join(' and ');
    return `(${byEvaluation()}) union (select b.id, b.evaluation_id from builds b
      where b.id in (${this.inHand(lookedAt.attemptsOfEach)}) and ${parts})`;
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

  /** The builds that the workers had last in hand. */
  private inHand(attempts: number): string {
    const each = this.workers.map(
      (worker) => `(select a.build_id from attempts a where a.worker_id = ${worker}
                     order by a.id desc limit ${attempts})`,
    );
    return each.length === 0 ? 'select null::bigint where false' : each.join(' union all ');
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
