/**
 * Offered paths that a store takes over from another of its directory, in the transaction that
 * needs them: a store for untrusted requests from the farm's, without question; the farm's from it
 * when the rule of `judgeReuse` allows; and the farm's from pushes whose key it trusts.
 */
import { judgeReuse, type BuiltElsewhere } from '#domain/substitute/reuse.js';
import type { Store } from '#domain/substitute/store.js';
import { parseNixPublicKey, verifyNix, type Signable } from '#formats/nix-signature.js';
import type { Client } from './database.js';

interface Wanted {
  readonly store: number;
  readonly derivations: readonly {
    readonly path: string;
    readonly outputs: readonly { readonly path: string | null }[];
  }[];
}

interface Kin {
  readonly id: number;
  readonly kind: Store['kind'];
  readonly own: Store['kind'];
}

/** Makes what kindred stores have of the outputs of new derivations be offered in this one, too. */
export async function adoptOutputs(client: Client, wanted: Wanted): Promise<void> {
  const { rows: kin } = await client.query<Kin>(
    `select k.id, k.kind, s.kind as own from stores s join stores k on k.dir = s.dir
      where s.id = $1 and (s.kind, k.kind) in (('untrusted', 'farm'), ('farm', 'untrusted'))
      order by k.id`,
    [wanted.store],
  );
  for (const { id, own } of kin) {
    if (own === 'untrusted') await adoptFarmOutputs(client, wanted, id);
    else await adoptJudged(client, wanted, id);
  }
}

async function adoptFarmOutputs(client: Client, wanted: Wanted, farm: number): Promise<void> {
  const parts = wanted.derivations.flatMap(({ outputs }) =>
    outputs.flatMap(({ path }) => path?.slice(0, 32) ?? []),
  );
  await client.query('select adopt_paths($1, $2, closure_beyond($1, $2, $3))', [
    ...[farm, wanted.store, parts],
  ]);
}

interface JudgedRow extends BuiltElsewhere {
  readonly derivation: string;
}

/** Inputs before what needs them: each round takes over what the round before made trusted. */
async function adoptJudged(client: Client, wanted: Wanted, from: number): Promise<void> {
  let left = new Set(wanted.derivations.map(({ path }) => path));
  while (left.size > 0) {
    const { rows } = await client.query<JudgedRow>(findBuiltElsewhere, [
      ...[from, wanted.store, [...left]],
    ]);
    const byDerivation = Map.groupBy(rows, (row) => row.derivation);
    const good = [...byDerivation].filter(([, outputs]) => outputs.every((o) => judgeReuse(o).ok));
    const parts = good.flatMap(([, outputs]) => outputs.map(({ path }) => path.slice(0, 32)));
    if (parts.length === 0) return;
    const { rows: done } = await client.query<{ parts: string[] }>(
      'select adopt_paths($1, $2, $3) as parts',
      [from, wanted.store, parts],
    );
    if (done[0]!.parts.length === 0) return;
    const taken = new Set(good.map(([derivation]) => derivation));
    left = new Set([...byDerivation.keys()].filter((path) => !taken.has(path)));
  }
}

/**
 * Every output of these derivations that the other store $1 offers and this one, $2, does not, with
 * what it was built from, as each of both stores has it.
 */
const findBuiltElsewhere = `
  select d.path as derivation, p.path, p.origin, p.sandboxed,
         p.attempt_id is not null as "byWorker",
         case when d.sources is null then null else coalesce((
           select json_agg(json_build_object('path', i.path, 'used', u.nar_hash,
                                             'trusted', t.nar_hash))
             from (select o.path from derivation_inputs e
                     join outputs o on o.derivation_id = e.input_id
                    where e.derivation_id = d.id and o.path is not null
                   union select unnest(d.sources)) i
             left join store_paths u on u.store_id = $1 and u.hash_part = left(i.path, 32)
                   and u.withdrawn_at is null
             left join store_paths t on t.store_id = $2 and t.hash_part = left(i.path, 32)
                   and t.withdrawn_at is null), '[]') end as inputs
    from derivations d join outputs o on o.derivation_id = d.id
    join store_paths p on p.store_id = $1 and p.hash_part = left(o.path, 32)
         and p.withdrawn_at is null
   where d.store_id = $1 and d.path = any ($3)
     and not exists (select from store_paths t where t.store_id = $2
                        and t.hash_part = left(o.path, 32) and t.withdrawn_at is null)`;

export interface PushedPath extends Omit<Signable, 'storePath'> {
  readonly store: number;
  /** Base name. */
  readonly path: string;
  readonly signatures: readonly string[];
}

interface TrustingRow {
  readonly id: number;
  readonly dir: string;
  readonly trusted_keys: readonly string[];
}

/** Offers a pushed path also where one of its signatures is of a trusted key. */
export async function welcomeElsewhere(client: Client, pushed: PushedPath): Promise<void> {
  const { rows } = await client.query<TrustingRow>(
    `select t.id, t.dir, t.trusted_keys from stores s join stores t on t.dir = s.dir
      where s.id = $1 and t.id <> s.id and cardinality(t.trusted_keys) > 0 order by t.id`,
    [pushed.store],
  );
  for (const { id, dir, trusted_keys: keys } of rows) {
    const told = { ...pushed, storePath: `${dir}/${pushed.path}` };
    const trusted = keys.some((text) => {
      const key = parseNixPublicKey(text);
      return key.ok && verifyNix(key.value, told);
    });
    if (!trusted) continue;
    const part = pushed.path.slice(0, 32);
    await client.query('select adopt_paths($1, $2, array[$3])', [pushed.store, id, part]);
  }
}
