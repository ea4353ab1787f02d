/**
 * Walks the builds that an evaluation needs besides those it has written itself, downwards from
 * some roots, level by level, through what has not succeeded. What was walked for an earlier batch
 * of the same evaluation is not walked again: without that every batch would walk all batches
 * before it.
 */
import type { BuildStatus } from '#domain/build/status.js';
import type { DemandedBuild } from '#domain/evaluation/renewed-demand.js';
import type { Client } from './database.js';

interface Found {
  readonly id: number;
  readonly status: BuildStatus;
}

interface Edge extends Found {
  readonly of: number;
}

const findRoots = `
select b.id, b.status from builds b
 where b.id = any(string_to_array($1, ' ')::bigint[]) and b.status <> 'succeeded' and b.evaluation_id <> $2`;

const findInputs = `
select e.derivation_id as of, b.id, b.status
  from derivation_inputs e join builds b on b.id = e.input_id
 where e.derivation_id = any(string_to_array($1, ' ')::bigint[]) and b.status <> 'succeeded' and b.evaluation_id <> $2`;

export class DemandWalk {
  private readonly statuses = new Map<number, BuildStatus>();
  private readonly inputs = new Map<number, number[]>();

  /** `walked` holds the builds of earlier walks for the same evaluation; it is not changed. */
  constructor(
    private readonly client: Client,
    private readonly evaluation: number,
    private readonly walked: ReadonlySet<number>,
  ) {}

  async from(roots: readonly number[]): Promise<DemandedBuild[]> {
    let frontier = await this.fresh(findRoots, roots);
    while (frontier.length > 0) {
      const edges = await this.ask<Edge>(findInputs, frontier);
      const next: number[] = [];
      for (const { of, id, status } of edges) {
        const known = this.inputs.get(of);
        if (known) known.push(id);
        else this.inputs.set(of, [id]);
        if (this.add(id, status)) next.push(id);
      }
      frontier = next;
    }
    return [...this.statuses].map(([id, status]) => ({
      ...{ id, status },
      inputs: this.inputs.get(id) ?? [],
    }));
  }

  private async fresh(text: string, ids: readonly number[]): Promise<number[]> {
    const unwalked = ids.filter((id) => !this.walked.has(id));
    const found = await this.ask<Found>(text, unwalked);
    return found.filter(({ id, status }) => this.add(id, status)).map(({ id }) => id);
  }

  private async ask<T extends Found>(text: string, ids: readonly number[]): Promise<T[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.client.query(text, [ids.join(' '), this.evaluation]);
    return rows as T[];
  }

  /** True when its inputs are yet to be looked at. */
  private add(id: number, status: BuildStatus): boolean {
    if (this.statuses.has(id)) return false;
    const walked = this.walked.has(id);
    // An earlier walk has decided about it; if it is failed still, it stays so.
    this.statuses.set(id, walked && status.startsWith('failed') ? 'failed' : status);
    return !walked;
  }
}
