/**
 * When a build starts and ends, as far as one can tell: not before its inputs, and not before the
 * work that goes before it (more urgent, or with a longer path) is done by all slots of its
 * systems. Fair shares and features are left out, so it errs where these decide.
 */
import { isFailedCode, isLiveCode, isRunningCode, lane, succeededCode } from './node-table.js';
import type { Estimate } from './planner-model.js';
import type { PlannerState } from './planner-state.js';
import { Prospects, type GroupProspect } from './prospects.js';
import { remainingWork } from './slack-rule.js';

const never: Estimate = { startsAt: null, endsAt: null };
const bucketsPerDoubling = 8;
const buckets = 42 * bucketsPerDoubling;

/** Work and number of the builds that go before each (priority, bucket of ranks). */
interface Ahead {
  readonly work: Float64Array;
  readonly builds: Float64Array;
}

export class Forecast {
  private readonly prospects: Prospects;
  private readonly ahead = new Map<GroupProspect, Ahead>();
  private readonly known = new Map<number, Estimate>();
  private readonly expected: (row: number) => number;

  constructor(
    private readonly state: PlannerState,
    readonly madeAt: number,
  ) {
    state.ranks.settle();
    this.expected = state.expectations();
    this.prospects = new Prospects(state, state.classes.taking());
    this.addWork();
  }

  of(row: number): Estimate {
    const open = [row];
    while (open.length > 0) {
      const at = open[open.length - 1]!;
      const missing = this.known.has(at) ? -1 : this.missingInput(at);
      if (missing !== -1) {
        open.push(missing);
        continue;
      }
      if (!this.known.has(at)) this.known.set(at, this.estimate(at));
      open.pop();
    }
    return this.known.get(row)!;
  }

  private estimate(row: number): Estimate {
    const { nodes } = this.state;
    if (isRunningCode(nodes.status[row]!)) return this.estimateRunning(row);
    const group = this.prospects.of(nodes.demand[row]!);
    const isBuiltin = this.state.classes.demands[nodes.demand[row]!]?.system === 'builtin';
    if (!isLiveCode(nodes.status[row]!) || (!group && !isBuiltin)) return never;
    let startsAt = Math.max(this.madeAt, nodes.notBefore[row]!);
    for (const input of this.inputs(row)) {
      const { endsAt } = this.known.get(input)!;
      if (endsAt === null) return never;
      startsAt = Math.max(startsAt, endsAt);
    }
    if (group) startsAt = Math.max(startsAt, this.madeAt + this.queueing(row, group));
    const endsAt = startsAt + this.expected(row) / (group?.fastest ?? 1);
    return { startsAt: Math.round(startsAt), endsAt: Math.round(endsAt) };
  }

  private estimateRunning(row: number): Estimate {
    const { nodes, classes } = this.state;
    const runningOn = nodes.runningOn[row]!;
    const speed = runningOn === -1 ? 1 : classes.rows[runningOn]!.speed;
    const startsAt = nodes.startedAt[row]! || this.madeAt;
    const done = Math.max(0, this.madeAt - startsAt) * speed;
    const left = remainingWork(this.expected(row), done);
    return { startsAt, endsAt: Math.round(this.madeAt + left / speed) };
  }

  /** A ticket is out for it, or so much time until a slot comes to it. */
  private queueing(row: number, group: GroupProspect): number {
    if (this.state.nodes.lane[row] === lane.out) return 0;
    const bucket = bucketOf(this.state, row);
    const { work, builds } = this.ahead.get(group)!;
    // The first of them, one for each slot, run at once and keep nobody waiting.
    const waits = builds[bucket]! - group.slots + 1;
    return waits <= 0 ? 0 : ((work[bucket]! / group.capacity) * waits) / builds[bucket]!;
  }

  private missingInput(row: number): number {
    if (!isLiveCode(this.state.nodes.status[row]!)) return -1;
    for (const input of this.inputs(row)) if (!this.known.has(input)) return input;
    return -1;
  }

  private *inputs(row: number): Iterable<number> {
    const { edges, nodes } = this.state;
    const start = edges.start[row]!;
    for (let edge = start; edge < start + edges.count[row]!; edge += 1) {
      const input = edges.input[edge]!;
      if (nodes.status[input] !== succeededCode) yield input;
    }
  }

  private addWork(): void {
    const { nodes } = this.state;
    for (let row = 0; row < nodes.length; row += 1) {
      if (nodes.lane[row] === lane.none || isFailedCode(nodes.status[row]!)) continue;
      const group = this.prospects.of(nodes.demand[row]!);
      if (!group) continue;
      let ahead = this.ahead.get(group);
      if (!ahead) this.ahead.set(group, (ahead = nothingAhead()));
      const bucket = bucketOf(this.state, row) + 1;
      if (bucket === ahead.work.length) continue;
      ahead.work[bucket]! += this.expected(row);
      ahead.builds[bucket]! += 1;
    }
    for (const { work, builds } of this.ahead.values()) {
      for (let bucket = 1; bucket < work.length; bucket += 1) {
        work[bucket]! += work[bucket - 1]!;
        builds[bucket]! += builds[bucket - 1]!;
      }
    }
  }
}

function nothingAhead(): Ahead {
  return { work: new Float64Array(10 * buckets), builds: new Float64Array(10 * buckets) };
}

/** The most urgent priority first, and within it the longest path. */
function bucketOf({ nodes }: PlannerState, row: number): number {
  const log = Math.log2(Math.max(1, nodes.rank[row]!)) * bucketsPerDoubling;
  const within = buckets - 1 - Math.min(buckets - 1, Math.floor(log));
  return nodes.priority[row]! * buckets + within;
}
