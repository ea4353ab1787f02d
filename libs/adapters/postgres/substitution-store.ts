/** Builds that are fetched instead of built, in Postgres. */
import type {
  InputFates,
  Substitution,
  SubstitutionStore,
} from '#application/ports/substitution-store.js';
import { id, type BuildId } from '#domain/ids.js';
import type { Client, Database, Row } from './database.js';
import {
  holdSeconds,
  scheduleGivenUp,
  substituteAgain,
  substituted,
  wishFetches,
} from './ingest-fates.js';
import { tellFailures } from './tell-failures.js';

interface ClaimedRow extends Row {
  readonly build_id: number;
  readonly slug: string;
  readonly outputs: readonly string[];
  readonly tries: number;
}

interface PlaceRow extends Row {
  readonly store: number;
  readonly mode: 'mirror' | 'rely';
  readonly held_until: string;
}

/** Of builds that somebody has canceled, that went another way, or that are not kept any more. */
const forgetMoved = `
  delete from substitutions s
   where not exists (select from builds b where b.id = s.build_id and b.status = 'scheduled')`;

const claimSome = `
  with chosen as (
    select build_id from substitutions where claimed_until < now()
     order by urgent desc, build_id limit $1 for update skip locked),
  claimed as (
    update substitutions s
       set claimed_until = now() + make_interval(secs => $2), claimed_by = $3
      from chosen c where s.build_id = c.build_id
    returning s.build_id, s.store_id, s.urgent, s.tries)
  select c.build_id, t.slug, c.tries,
         array(select o.path from outputs o
                where o.derivation_id = c.build_id and o.path is not null) as outputs
    from claimed c join stores t on t.id = c.store_id
   order by c.urgent desc, c.build_id`;

const finishWhole = `
  with whole as (
    select b.id from builds b
     where b.id = any ($1) and b.status = 'scheduled' and not exists (
             select from outputs o
              where o.derivation_id = b.id and not exists (
                      select from store_paths p
                       where p.store_id = o.store_id and p.hash_part = left(o.path, 32)
                         and p.path = o.path and p.withdrawn_at is null))
     order by b.id for no key update),
  done as (
    delete from substitutions s using whole w where s.build_id = w.id)
  update builds b
     set status = 'succeeded', reason = '${substituted}', generation = b.generation + 1,
         worker_class = null, release_expires_at = null, not_before = null, ended_at = now()
    from whole w where b.id = w.id
  returning b.id`;

/** With a quarter of the hold left; in bounded batches. */
const holdOn = `
  with chosen as (
    select b.id from substitutions s join builds b on b.id = s.build_id
     where b.status = 'scheduled'
       and b.not_before < now() + make_interval(secs => ${holdSeconds / 4})
     order by b.id limit 5000 for no key update of b)
  update builds b set not_before = now() + make_interval(secs => ${holdSeconds})
    from chosen c where b.id = c.id`;

export class PostgresSubstitutionStore implements SubstitutionStore {
  /** `claimant` names this process among all that fetch. */
  constructor(
    private readonly database: Database,
    private readonly claimant: string,
  ) {}

  async claim(limit: number, seconds: number): Promise<readonly Substitution[]> {
    const values = [limit, seconds, this.claimant];
    const rows = await this.database.query<ClaimedRow>(claimSome, values);
    return rows.map(({ build_id: build, slug, outputs, tries }) => ({
      ...{ build: id<BuildId>(build), slug, outputs, tries },
    }));
  }

  async renewClaims(seconds: number): Promise<void> {
    await this.database.execute(
      `update substitutions set claimed_until = now() + make_interval(secs => $2)
        where claimed_by = $1 and claimed_until > now()`,
      [this.claimant, seconds],
    );
  }

  async finish(builds: readonly BuildId[]): Promise<readonly BuildId[]> {
    const rows = await this.database.query<{ id: number }>(finishWhole, [builds]);
    return rows.map((row) => id<BuildId>(row.id));
  }

  async postpone(build: BuildId, seconds: number): Promise<void> {
    await this.database.execute(
      `update substitutions set tries = tries + 1, claimed_by = null,
              claimed_until = now() + make_interval(secs => $2) where build_id = $1`,
      [build, seconds],
    );
  }

  async inputsOf(build: BuildId): Promise<readonly string[]> {
    const rows = await this.database.query<{ path: string }>(
      `select d.path from derivation_inputs i join derivations d on d.id = i.input_id
        where i.derivation_id = $1`,
      [build],
    );
    return rows.map(({ path }) => path);
  }

  giveUp(build: BuildId, inputs: InputFates): Promise<boolean> {
    return this.database.transaction((client) => buildAgain(client, build, inputs));
  }

  async hold(): Promise<number> {
    await this.database.execute(forgetMoved);
    for (let held = 5000; held >= 5000;) held = await this.database.execute(holdOn);
    const rows = await this.database.query<{ count: number }>(
      'select count(*) as count from substitutions',
    );
    return rows[0]?.count ?? 0;
  }
}

/** It is held no more, and no more succeeded by what an upstream had. */
const free = `
  update builds b
     set status = 'scheduled', reason = null, not_before = null, ended_at = null,
         generation = generation + 1, worker_class = null, release_expires_at = null,
         scheduled_at = case when status = 'scheduled' then scheduled_at else now() end
   where b.id = $1
     and (b.status = 'scheduled' or (b.status = 'succeeded' and b.reason = '${substituted}'))`;

/** A build is to be built after all: its inputs first. Whether a failed one must be told on. */
export async function buildAgain(
  client: Client,
  build: BuildId,
  inputs: InputFates,
): Promise<boolean> {
  const { rows } = await client.query<PlaceRow>(
    `select s.id as store, s.mode, (now() + make_interval(secs => $2))::text as held_until
       from derivations d join stores s on s.id = d.store_id where d.id = $1`,
    [build, holdSeconds],
  );
  const place = rows[0];
  if (place) await wish(client, place, inputs);
  await client.query('delete from substitutions where build_id = $1', [build]);
  await client.query(free, [build]);
  return tellFailed(client, build);
}

async function wish(client: Client, place: PlaceRow, inputs: InputFates): Promise<void> {
  const names = [...inputs.substitute.keys(), ...inputs.build];
  const { rows } = await client.query<{ id: number; path: string }>(
    `select id, path from derivations where store_id = $1 and path = any($2)`,
    [place.store, names],
  );
  const ids = new Map(rows.map((row) => [row.path, row.id]));
  const fetched = new Map<number, boolean>();
  for (const [name, urgent] of inputs.substitute) {
    const found = ids.get(name);
    if (found !== undefined) fetched.set(found, urgent);
  }
  await substituteAgain(client, [...fetched.keys()], {
    mode: place.mode,
    heldUntil: place.held_until,
  });
  if (place.mode === 'mirror') await wishFetches(client, place.store, fetched);
  await scheduleGivenUp(
    client,
    [...inputs.build].flatMap((name) => ids.get(name) ?? []),
  );
}

/** What failed while the build needed nothing is told on now. */
async function tellFailed(client: Client, build: BuildId): Promise<boolean> {
  const { rows } = await client.query<{ id: number }>(
    `select p.id from derivation_inputs i join builds p on p.id = i.input_id
      where i.derivation_id = $1
        and p.status in ('failed', 'failed-dependency', 'failed-other')`,
    [build],
  );
  const ask = async (text: string, values: readonly unknown[]): Promise<readonly unknown[]> =>
    (await client.query(text, [...values])).rows;
  return tellFailures(
    ask,
    rows.map((row) => row.id),
  );
}
