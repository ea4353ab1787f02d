/**
 * What the planner knows of each worker class: what it can build, how many of its slots are taken,
 * how long its builds last, and since when it keeps a slot free.
 */
import { canBuild, type BuildDemand } from '../worker/worker-class.js';
import { windowOf, type ClassState } from './worker-state.js';

export interface ClassRow {
  readonly index: number;
  readonly name: string;
  speed: number;
  /** Null when no worker of the class takes builds now. */
  state: ClassState | null;
  running: number;
  /** Tickets out. */
  out: number;
  /** Moving mean of the logarithms (base 2) of what its builds lasted, in milliseconds. */
  meanLog: number;
  /** Builds released, to count turns by. */
  turn: number;
  /** Since when a slot has been kept free for a build that needs the class; null when none is. */
  heldSince: number | null;
  readonly fits: (boolean | undefined)[];
}

export class ClassTable {
  readonly rows: ClassRow[] = [];
  private readonly byName = new Map<string, ClassRow>();
  private readonly demandsByName = new Map<string, number>();
  readonly demands: BuildDemand[] = [];

  constructor(private readonly usualMs: number) {}

  /** The class of a name; its speed stands at the end of the name until it is told. */
  named(name: string): ClassRow {
    let row = this.byName.get(name);
    if (!row) {
      row = {
        index: this.rows.length,
        name,
        speed: Number(name.slice(name.lastIndexOf('@') + 1)) || 1,
        state: null,
        running: 0,
        out: 0,
        meanLog: Math.log2(this.usualMs),
        turn: 0,
        heldSince: null,
        fits: [],
      };
      this.rows.push(row);
      this.byName.set(name, row);
    }
    return row;
  }

  demandOf({ system, requiredFeatures }: BuildDemand): number {
    const features = requiredFeatures.length > 1 ? [...requiredFeatures].sort() : requiredFeatures;
    const name = `${system} ${features.join(' ')}`;
    let demand = this.demandsByName.get(name);
    if (demand === undefined) {
      demand = this.demands.length;
      this.demands.push({ system, requiredFeatures: [...requiredFeatures] });
      this.demandsByName.set(name, demand);
    }
    return demand;
  }

  update(states: readonly ClassState[]): void {
    for (const row of this.rows) row.state = null;
    for (const state of states) {
      if (state.slots <= 0) continue;
      const row = this.named(state.name);
      row.state = state;
      row.speed = state.workerClass.speed;
    }
  }

  /** Classes that take builds, in the order in which their idle slots are filled. */
  taking(): ClassRow[] {
    return this.rows.filter((row) => row.state !== null).sort(goesFirst);
  }

  fits(row: ClassRow, demand: number): boolean {
    if (!row.state) return false;
    return (row.fits[demand] ??= canBuild(row.state.workerClass, this.demands[demand]!));
  }
}

/** Fastest first; of equally fast ones the one that can do least, to keep the others free. */
function goesFirst(a: ClassRow, b: ClassRow): number {
  const abilities = (row: ClassRow): number =>
    row.state!.workerClass.features.length + row.state!.workerClass.systems.length;
  return b.speed - a.speed || abilities(a) - abilities(b) || (a.name < b.name ? -1 : 1);
}

/** Slots that neither run a build nor have a ticket coming; negative when tickets lie ahead. */
export function idleSlots(row: ClassRow): number {
  return row.state ? row.state.slots - row.running - row.out : 0;
}

/**
 * How many tickets may lie ahead of busy slots: what the slots finish within `aheadMs`, so that no
 * slot waits for the planner, and little is committed where builds are long.
 */
export function ticketsAhead(row: ClassRow, aheadMs: number): number {
  if (!row.state) return 0;
  const { slots } = row.state;
  return Math.min(windowOf(slots) - slots, Math.floor((slots * aheadMs) / 2 ** row.meanLog));
}

const newest = 0.25;

/** Learns how long builds of the class last. */
export function learnDuration(row: ClassRow, ms: number): void {
  row.meanLog += newest * (Math.log2(Math.max(1, ms)) - row.meanLog);
}
