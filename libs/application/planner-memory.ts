/**
 * The planner's memory: the graph of unfinished builds, kept beside the planner by whoever feeds
 * it. It knows which builds somebody still waits for, so that the others can be forgotten, and who
 * demands each build. Nothing here reads or writes; what must be read is answered.
 */
import { isFinal } from '#domain/build/status.js';
import type { BuildId, EvaluationId, SpecificationId } from '#domain/ids.js';
import {
  Planner,
  type BuildChange,
  type PlannerBuild,
  type SchedulingPolicy,
} from '#domain/scheduling/planner.js';
import { beginningOf } from './planner-beginning.js';
import { Demands, type Demand } from './planner-demand.js';
import type { Demanded, FeedChange, FeedPosition, GraphBuild } from './ports/planner-store.js';

interface Node {
  inputs: readonly BuildId[];
  /** Unfinished builds that need it. */
  waiters: number;
  final: boolean;
  status: GraphBuild['status'];
  demand: Demand;
}

/** What the memory cannot follow from changes alone. */
export interface Unknown {
  /** Builds to read with their inputs. */
  readonly builds: readonly BuildId[];
  /** Those that were final before: others that need them must be read again. */
  readonly revived: readonly BuildId[];
}

/** Builds told to the planner at once, so that no copy of a large graph is made. */
const toldAtOnce = 10_000;

export class PlannerMemory {
  readonly planner: Planner;
  position: FeedPosition;
  /** Of the last changes, on the database's clock. */
  now: number;
  /** The last job seen of each evaluation that is not closed. */
  readonly seenJobs = new Map<EvaluationId, number>();
  readonly closedEvaluations = new Set<EvaluationId>();
  /** An evaluation was given up: who demands what must be walked anew. */
  demandIsStale = false;
  private readonly nodes = new Map<BuildId, Node>();
  private readonly demands = new Demands();
  /** Inputs that are not known yet, and who needs them. */
  private readonly missing = new Map<BuildId, Set<BuildId>>();
  private succeeded: BuildId[] = [];

  constructor(policy: SchedulingPolicy, start: { position: FeedPosition; now: number }) {
    this.planner = new Planner(policy);
    this.position = start.position;
    this.now = start.now;
  }

  get size(): number {
    return this.nodes.size;
  }

  /** The unfinished builds, in no order. */
  *unfinished(): Iterable<BuildId> {
    for (const [build, node] of this.nodes) if (!node.final) yield build;
  }

  isUnfinished(build: BuildId): boolean {
    return this.nodes.get(build)?.final === false;
  }

  demandersOf(build: BuildId): readonly SpecificationId[] {
    return this.nodes.get(build)?.demand.specifications ?? [];
  }

  /** Builds that have succeeded since the last call. */
  takeSucceeded(): readonly BuildId[] {
    const taken = this.succeeded;
    this.succeeded = [];
    return taken;
  }

  /** Everything that there is, for a memory that knows nothing yet. */
  begin(told: readonly GraphBuild[], demanded: readonly Demanded[]): void {
    const { builds, edges, waiters, demand } = beginningOf(told, demanded, this.demands);
    for (let row = 0; row < builds.length; row += 1) {
      const { build, inputs, status } = builds[row]!;
      const final = isFinal(status);
      const node = { inputs, waiters: waiters[row]!, final, status, demand: demand[row]! };
      this.nodes.set(build, node);
    }
    this.planner.load(this.toldBuilds(builds), edges);
    this.forget(builds.map(({ build }) => build));
  }

  /** New builds, or builds read again: what they say replaces what was known of them. */
  admit(builds: readonly GraphBuild[], demanded: readonly Demanded[]): void {
    const sorted = builds
      .filter(({ build, status }) => !isFinal(status) || !this.nodes.has(build))
      .sort((a, b) => a.build - b.build);
    for (const build of sorted) this.place(build);
    for (const { build, inputs, status } of sorted) {
      if (!isFinal(status)) this.awaitInputs(build, inputs);
    }
    const changed = this.raise(demanded);
    for (const { build, inputs } of sorted.toReversed()) {
      this.pass(inputs, this.nodes.get(build)!.demand, changed);
    }
    this.tell(sorted);
    const told = new Set(sorted.map(({ build }) => build));
    this.tellDemand([...changed].filter((build) => !told.has(build)));
    this.forget(sorted.map(({ build }) => build));
  }

  /** Follows what is known; answers what must be read. */
  apply(changes: readonly FeedChange[]): Unknown {
    const builds = new Set<BuildId>();
    const revived: BuildId[] = [];
    const known: FeedChange[] = [];
    const ended: BuildId[] = [];
    for (const change of changes) {
      const { build } = change;
      const node = this.nodes.get(build);
      const final = isFinal(change.status);
      if (!node && final) for (const waiter of this.missing.get(build) ?? []) builds.add(waiter);
      if (!final && node?.final !== false) {
        builds.add(build);
        if (!change.inserted) revived.push(build);
      } else if (node) {
        known.push(change);
        if (final && !node.final) ended.push(build);
        node.status = change.status;
      }
    }
    this.planner.change(known);
    for (const build of ended) this.end(build);
    this.forget(ended.flatMap((build) => [build, ...this.nodes.get(build)!.inputs]));
    return { builds: [...builds], revived };
  }

  /** These builds are wanted by a specification, and so is all that they need. */
  demand(builds: readonly BuildId[], specification: SpecificationId): void {
    const changed = this.raise(builds.map((build) => ({ build, specification })));
    for (const build of [...changed]) {
      const node = this.nodes.get(build)!;
      this.pass(node.inputs, node.demand, changed);
    }
    this.tellDemand([...changed]);
  }

  /** Who demands what, all of it: what is not told here is not demanded any more. */
  demandOnly(demanded: readonly Demanded[]): void {
    const before = new Map<BuildId, Demand>();
    for (const [build, node] of this.nodes) {
      before.set(build, node.demand);
      node.demand = this.demands.none;
    }
    this.raise(demanded);
    const descending = [...this.nodes.keys()].sort((a, b) => b - a);
    for (const build of descending) {
      const node = this.nodes.get(build)!;
      if (!node.final) this.pass(node.inputs, node.demand, new Set());
    }
    this.tellDemand(descending.filter((b) => this.nodes.get(b)!.demand !== before.get(b)));
  }

  /** The planner must not know what Postgres does not. */
  drop(builds: readonly BuildId[]): void {
    for (const build of builds) {
      if (this.isUnfinished(build)) this.end(build);
      this.nodes.delete(build);
    }
    this.planner.remove(builds);
  }

  private place({ build, status, inputs }: GraphBuild): void {
    const known = this.nodes.get(build);
    const final = isFinal(status);
    if (!known) {
      const waiters = this.missing.get(build)?.size ?? 0;
      this.missing.delete(build);
      const demand = this.demands.none;
      this.nodes.set(build, { inputs, waiters, final, status, demand });
      return;
    }
    if (!known.final) this.leaveInputs(build, known);
    Object.assign(known, { inputs, final, status });
  }

  private awaitInputs(build: BuildId, inputs: readonly BuildId[]): void {
    for (const input of inputs) {
      const node = this.nodes.get(input);
      if (node) node.waiters += 1;
      else if (!this.missing.get(input)?.add(build)) this.missing.set(input, new Set([build]));
    }
  }

  private leaveInputs(build: BuildId, { inputs }: Node): void {
    for (const input of inputs) {
      const node = this.nodes.get(input);
      if (node) node.waiters -= 1;
      const waiting = this.missing.get(input);
      waiting?.delete(build);
      if (waiting?.size === 0) this.missing.delete(input);
    }
  }

  private end(build: BuildId): void {
    const node = this.nodes.get(build)!;
    this.leaveInputs(build, node);
    node.final = true;
    if (node.status === 'succeeded') this.succeeded.push(build);
  }

  /** Of these, those that are final and that nobody waits for. */
  private forget(candidates: readonly BuildId[]): void {
    const gone = candidates.filter((build) => {
      const node = this.nodes.get(build);
      return node?.final === true && node.waiters === 0 && this.nodes.delete(build);
    });
    if (gone.length > 0) this.planner.remove(gone);
  }

  /** Answers whose demand has grown. */
  private raise(demanded: readonly Demanded[]): Set<BuildId> {
    const changed = new Set<BuildId>();
    for (const { build, specification } of demanded) {
      this.grow(build, this.demands.of(specification), changed);
    }
    return changed;
  }

  private grow(build: BuildId, demand: Demand, changed: Set<BuildId>): boolean {
    const node = this.nodes.get(build);
    if (!node || node.final) return false;
    const grown = this.demands.union(node.demand, demand);
    if (grown === node.demand) return false;
    node.demand = grown;
    changed.add(build);
    return true;
  }

  /** Hands a demand down to inputs, and on to theirs, as far as it is new there. */
  private pass(inputs: readonly BuildId[], demand: Demand, changed: Set<BuildId>): void {
    if (demand === this.demands.none) return;
    const stack = [...inputs];
    for (let build = stack.pop(); build !== undefined; build = stack.pop()) {
      if (this.grow(build, demand, changed)) stack.push(...this.nodes.get(build)!.inputs);
    }
  }

  private tell(builds: readonly GraphBuild[]): void {
    for (let start = 0; start < builds.length; start += toldAtOnce) {
      this.planner.add([...this.toldBuilds(builds.slice(start, start + toldAtOnce))]);
    }
  }

  private *toldBuilds(builds: readonly GraphBuild[]): Iterable<PlannerBuild> {
    for (const build of builds) yield this.toldBuild(build);
  }

  private toldBuild(build: GraphBuild): PlannerBuild {
    const { specifications } = this.nodes.get(build.build)!.demand;
    return { ...build, specifications };
  }

  private tellDemand(builds: readonly BuildId[]): void {
    this.planner.change(
      builds.flatMap((build): BuildChange[] => {
        const node = this.nodes.get(build);
        if (!node) return [];
        return [{ build, status: node.status, specifications: node.demand.specifications }];
      }),
    );
  }
}
