/**
 * The estimate of every build: measured by package name and system, or the high quantile for names
 * never seen; kept right while durations are learnt.
 */
import type { DurationHistory } from './duration-history.js';
import { isLiveCode, type NodeTable } from './node-table.js';

export interface DurationParts {
  readonly nodes: NodeTable;
  readonly history: DurationHistory;
  readonly unknownQuantile: number;
  /** Writes another estimate into a live row. */
  readonly revise: (row: number, estimate: number) => void;
}

/** Estimates follow what was learnt when it differs by so much; less changes no plan. */
const tellingRatio = 1.2;

export class KnownDurations {
  private readonly names: string[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly firstRow: number[] = [];
  private readonly learnt = new Set<number>();
  private hasNewNames = false;
  private unknown: number;

  constructor(private readonly parts: DurationParts) {
    this.unknown = parts.history.quantile(parts.unknownQuantile);
  }

  /** Gives the row its name and its first estimate. */
  name(row: number, key: string, measured: number | null): void {
    const { nodes, history } = this.parts;
    if (measured !== null && history.meanOf(key) === null) history.learn(key, measured);
    const name = this.nameOf(key);
    if (nodes.packageName[row] !== name) {
      if (nodes.packageName[row] !== -1) this.unlink(row, nodes.packageName[row]!);
      nodes.packageName[row] = name;
      this.link(row, name);
    }
    const mean = history.meanOf(key);
    nodes.measured[row] = mean === null ? 0 : 1;
    nodes.estimate[row] = mean ?? this.unknown;
  }

  keyOf(row: number): string {
    return this.names[this.parts.nodes.packageName[row]!]!;
  }

  /** A build of the row's name took so long; others learn of it by `settle`. */
  learn(row: number, ms: number): void {
    const { nodes, history } = this.parts;
    const key = this.keyOf(row);
    if (history.meanOf(key) === null) this.hasNewNames = true;
    history.observe(key, ms);
    this.learnt.add(nodes.packageName[row]!);
  }

  /**
   * What was learnt since the last time is told to the others of the same names, and to all unknown
   * ones. Once for many builds, since a name may be that of a hundred thousand (`source` is).
   */
  settle(): void {
    for (const name of this.learnt) this.reviseNamed(name);
    this.learnt.clear();
    if (this.hasNewNames) this.reviseUnknown();
    this.hasNewNames = false;
  }

  private reviseNamed(name: number): void {
    const { nodes, history, revise } = this.parts;
    const mean = history.meanOf(this.names[name]!)!;
    for (let at = this.firstRow[name]!; at !== -1; at = nodes.nextOfName[at]!) {
      nodes.measured[at] = 1;
      if (isLiveCode(nodes.status[at]!) && differ(nodes.estimate[at]!, mean)) revise(at, mean);
    }
  }

  private reviseUnknown(): void {
    const { nodes, history, revise, unknownQuantile } = this.parts;
    const unknown = history.quantile(unknownQuantile);
    if (!differ(unknown, this.unknown)) return;
    this.unknown = unknown;
    for (let row = 0; row < nodes.length; row += 1) {
      if (nodes.measured[row] === 0 && isLiveCode(nodes.status[row]!)) revise(row, unknown);
    }
  }

  private nameOf(key: string): number {
    let name = this.byKey.get(key);
    if (name === undefined) {
      name = this.names.length;
      this.names.push(key);
      this.firstRow.push(-1);
      this.byKey.set(key, name);
    }
    return name;
  }

  private unlink(row: number, name: number): void {
    const { nextOfName } = this.parts.nodes;
    if (this.firstRow[name] === row) this.firstRow[name] = nextOfName[row]!;
    else {
      let before = this.firstRow[name]!;
      while (nextOfName[before] !== row) before = nextOfName[before]!;
      nextOfName[before] = nextOfName[row]!;
    }
  }

  private link(row: number, name: number): void {
    this.parts.nodes.nextOfName[row] = this.firstRow[name]!;
    this.firstRow[name] = row;
  }
}

function differ(a: number, b: number): boolean {
  return a > b * tellingRatio || b > a * tellingRatio;
}
