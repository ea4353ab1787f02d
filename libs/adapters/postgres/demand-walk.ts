/**
 * Walks the builds that an evaluation needs besides those it has written itself, downwards from
 * some roots, level by level, through what has not succeeded. What was walked for an earlier batch
 * of the same evaluation is not walked again: without that every batch would walk all batches
 * before it.
 */
import type { PackageFailure } from '#domain/build/failure-memory.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { DemandedBuild } from '#domain/evaluation/renewed-demand.js';
import type { Client } from './database.js';

interface Found {
  readonly id: number;
  readonly status: BuildStatus;
  /** Null unless it failed by itself. */
  readonly failure: KnownFailure | null;
}

export interface KnownFailure extends PackageFailure {
  /** A job names it, so that its limits are that job's. */
  readonly named: boolean;
}

/** A build that was walked, and how it failed if it did. */
export type WalkedBuild = DemandedBuild & { readonly failure: KnownFailure | null };

/** SQL: what there is to know of the failure of build `b`. */
export const failureColumn = `
case when b.status in ('failed', 'failed-other') then jsonb_build_object(
  'reason', b.reason,
  'fixedOutput', (select fixed_output from derivations d where d.id = b.id),
  'tried', jsonb_build_object(
    'timeoutSeconds', coalesce(b.tried_timeout_seconds, b.timeout_seconds, 0),
    'maxSilentSeconds', coalesce(b.tried_max_silent_seconds, b.max_silent_seconds, 0)),
  'named', exists (select from jobs j where j.build_id = b.id)) end as failure`;

interface Edge extends Found {
  readonly of: number;
}

const findRoots = `
select b.id, b.status, ${failureColumn} from builds b
 where b.id = any(string_to_array($1, ' ')::bigint[])
   and b.status <> 'succeeded' and b.evaluation_id <> $2`;

const findInputs = `
select e.derivation_id as of, b.id, b.status, ${failureColumn}
  from derivation_inputs e join builds b on b.id = e.input_id
 where e.derivation_id = any(string_to_array($1, ' ')::bigint[])
   and b.status <> 'succeeded' and b.evaluation_id <> $2`;

export class DemandWalk {
  private readonly statuses = new Map<number, BuildStatus>();
  private readonly failures = new Map<number, KnownFailure>();
  private readonly inputs = new Map<number, number[]>();

  /** `walked` holds the builds of earlier walks for the same evaluation; it is not changed. */
  constructor(
    private readonly client: Client,
    private readonly evaluation: number,
    private readonly walked: Pick<ReadonlySet<number>, 'has'>,
  ) {}

  async from(roots: readonly number[]): Promise<WalkedBuild[]> {
    let frontier = await this.fresh(findRoots, roots);
    while (frontier.length > 0) {
      const edges = await this.ask<Edge>(findInputs, frontier);
      const next: number[] = [];
      for (const { of, ...found } of edges) {
        const { id } = found;
        const known = this.inputs.get(of);
        if (known) known.push(id);
        else this.inputs.set(of, [id]);
        if (this.add(found)) next.push(id);
      }
      frontier = next;
    }
    return [...this.statuses].map(([id, status]) => ({
      ...{ id, status },
      inputs: this.inputs.get(id) ?? [],
      failure: this.failures.get(id) ?? null,
    }));
  }

  private async fresh(text: string, ids: readonly number[]): Promise<number[]> {
    const unwalked = ids.filter((id) => !this.walked.has(id));
    const found = await this.ask<Found>(text, unwalked);
    return found.filter((one) => this.add(one)).map(({ id }) => id);
  }

  private async ask<T extends Found>(text: string, ids: readonly number[]): Promise<T[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.client.query(text, [ids.join(' '), this.evaluation]);
    return rows as T[];
  }

  /** True when its inputs are yet to be looked at. */
  private add({ id, status, failure }: Found): boolean {
    if (this.statuses.has(id)) return false;
    const walked = this.walked.has(id);
    if (failure && !walked) this.failures.set(id, failure);
    // An earlier walk has decided about it; if it is failed still, it stays so.
    this.statuses.set(id, walked && status.startsWith('failed') ? 'failed' : status);
    return !walked;
  }
}
