/**
 * Builds as Cuirass's API tells them: which ones, by cuirass-selection.ts; what is told of each,
 * here, in one statement for all of them.
 */
import type { BuildStatus } from '#domain/build/status.js';
import type { Database, Row } from './database.js';

/** A build, and the evaluation by whose name for it it is told. */
export interface TellingBuild {
  readonly id: number;
  readonly evaluation: number;
}

export interface CuirassProduct {
  readonly id: number;
  readonly type: string;
  readonly path: string;
  readonly size: number;
}

export interface CuirassBuild {
  readonly id: number;
  readonly evaluation: number;
  readonly specification: string;
  /** The derivation's name where no job of the evaluation points at it: others merely need it. */
  readonly job: string;
  readonly name: string;
  readonly system: string;
  /** Path of the `.drv`. */
  readonly derivation: string;
  readonly status: BuildStatus;
  readonly reason: string | null;
  readonly priority: number;
  readonly scheduledAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Paths of the outputs that are known. */
  readonly outputs: readonly { readonly name: string; readonly path: string }[];
  readonly products: readonly CuirassProduct[];
}

export interface CuirassOutput {
  readonly name: string;
  readonly derivation: string;
  readonly build: TellingBuild | null;
}

export class CuirassBuilds {
  constructor(private readonly database: Database) {}

  /** In the order given; those that are gone are left out. */
  async told(builds: readonly TellingBuild[]): Promise<CuirassBuild[]> {
    const [only, ...more] = builds;
    if (!only) return [];
    if (more.length === 0) {
      return this.database.query<Row & CuirassBuild>(tellOne, [only.id, only.evaluation]);
    }
    return this.database.query<Row & CuirassBuild>(tellMany, [
      builds.map(({ id }) => id),
      builds.map(({ evaluation }) => evaluation),
    ]);
  }

  async find(id: number): Promise<TellingBuild | null> {
    const [row] = await this.database.query<Row & TellingBuild>(
      'select id, evaluation_id as evaluation from builds where id = $1',
      [id],
    );
    return row ?? null;
  }

  /** By the base name of its `.drv`, in whichever store; of two, the one that was there first. */
  async ofDerivation(basename: string): Promise<TellingBuild | null> {
    const [row] = await this.database.query<Row & TellingBuild>(ofDerivation, [basename]);
    return row ?? null;
  }

  /** By the base name of its path; where several derivations yield it, one that is built. */
  async output(basename: string): Promise<CuirassOutput | null> {
    const [row] = await this.database.query<
      Row & { name: string; derivation: string; id: number | null; evaluation: number | null }
    >(
      `select o.name, s.dir || '/' || d.path as derivation, b.id, b.evaluation_id as evaluation
         from stores s join outputs o on o.store_id = s.id and o.path = $1
         join derivations d on d.id = o.derivation_id left join builds b on b.id = d.id
        order by b.id is null, b.status <> 'succeeded', d.id limit 1`,
      [basename],
    );
    if (!row) return null;
    const { name, derivation, id, evaluation } = row;
    const build = id === null || evaluation === null ? null : { id, evaluation };
    return { name, derivation, build };
  }
}

/** Thousands are asked for on one connection. */
const ofDerivation = {
  name: 'cuirass-of-derivation',
  text: `select b.id, b.evaluation_id as evaluation
           from stores s join derivations d on d.store_id = s.id and d.path = $1
           join builds b on b.id = d.id order by b.id limit 1`,
};

/** Outputs and products each by themselves: joined, they would repeat one another. */
const tell = (builds: string): string => `
select b.id, e.id as evaluation, s.name as specification, coalesce(own.name, d.name) as job,
       d.name, d.system, st.dir || '/' || d.path as derivation, b.status, b.reason, b.priority,
       b.scheduled_at as "scheduledAt", b.started_at as "startedAt", b.ended_at as "endedAt",
       coalesce(o.outputs, '[]') as outputs, coalesce(p.products, '[]') as products
  from ${builds} as w (id, evaluation, place)
  join builds b on b.id = w.id
  join derivations d on d.id = b.id
  join stores st on st.id = d.store_id
  join evaluations e on e.id = w.evaluation
  join specifications s on s.id = e.specification_id
  left join lateral (
    select n.name from jobs j join job_names n on n.id = j.name_id
     where j.evaluation_id = w.evaluation and j.build_id = w.id order by j.id limit 1) own on true
  left join lateral (
    select json_agg(json_build_object('name', o.name, 'path', st.dir || '/' || o.path)
                    order by o.name) as outputs
      from outputs o where o.derivation_id = b.id and o.path is not null) o on true
  left join lateral (
    select json_agg(json_build_object('id', p.id, 'type', p.type, 'size', p.size, 'path',
             st.dir || '/' || o.path || case p.path when '' then '' else '/' || p.path end)
             order by p.id) as products
      from build_products p
      join outputs o on o.derivation_id = p.build_id and o.name = p.output
     where p.build_id = b.id and p.taken_at is not null and o.path is not null) p on true
 order by w.place`;
const tellMany = tell('unnest($1::bigint[], $2::bigint[]) with ordinality');
/** Its plan is made once: making it takes five times as long as following it. */
const tellOne = { name: 'cuirass-tell-one', text: tell('(values ($1::bigint, $2::bigint, 1))') };
