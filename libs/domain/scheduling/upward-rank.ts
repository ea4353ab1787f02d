/**
 * The critical path: of every live build its own time and the longest path of times that must
 * follow it. A change walks up only as far as it changes something; many changes at once are
 * cheaper as one pass over the whole graph.
 */
import type { EdgeTable } from './edge-table.js';
import { isLiveCode, type NodeTable } from './node-table.js';
import { RowHeap } from './row-heap.js';

/** Above this share of all builds one pass over the graph costs less. */
const fewOfAll = 1 / 32;

export class UpwardRanks {
  private readonly touched = new Set<number>();
  /** So many are touched that they are not counted any more. */
  private isWhole = false;
  private keys = new Float64Array(0);
  private places = new Int32Array(0);

  constructor(
    private readonly nodes: NodeTable,
    private readonly edges: EdgeTable,
    private readonly onMoved: (row: number) => void,
  ) {}

  /** Its time, its status or its dependents have changed. */
  touch(row: number): void {
    if (this.isWhole) return;
    this.touched.add(row);
    if (this.touched.size > this.few()) this.touchAll();
  }

  touchAll(): void {
    this.isWhole = true;
    this.touched.clear();
  }

  /** The inputs of a build may have lost or won their longest path. */
  touchInputs(row: number): void {
    if (this.isWhole) return;
    const start = this.edges.start[row]!;
    const end = start + this.edges.count[row]!;
    for (let edge = start; edge < end; edge += 1) {
      const input = this.edges.input[edge]!;
      if (isLiveCode(this.nodes.status[input]!)) this.touch(input);
    }
  }

  settle(): void {
    if (this.isWhole || !this.walkUp()) this.computeAll();
    this.isWhole = false;
    this.touched.clear();
  }

  private few(): number {
    return 64 + this.nodes.length * fewOfAll;
  }

  /** Kahn's order from the builds on which nothing waits; each edge is looked at twice. */
  computeAll(): void {
    const { nodes, edges } = this;
    const pending = countLiveDependents(nodes, edges);
    const stack = new Int32Array(nodes.length);
    const longest = new Float64Array(nodes.length);
    let top = 0;
    for (let row = 0; row < nodes.length; row += 1) {
      if (pending[row] === 0 && isLiveCode(nodes.status[row]!)) stack[top++] = row;
    }
    const { input, start, count } = edges;
    while (top > 0) {
      const row = stack[--top]!;
      const rank = nodes.estimate[row]! + longest[row]!;
      this.assign(row, rank);
      const end = start[row]! + count[row]!;
      for (let edge = start[row]!; edge < end; edge += 1) {
        const above = input[edge]!;
        if (longest[above]! < rank) longest[above] = rank;
        if (--pending[above]! === 0 && isLiveCode(nodes.status[above]!)) stack[top++] = above;
      }
    }
  }

  /** From the smallest rank up, so that nearly every build is looked at once. */
  private walkUp(): boolean {
    if (this.touched.size === 0) return true;
    this.fit();
    const heap = new RowHeap(() => ({ keys: this.keys, places: this.places }));
    const enqueue = (row: number): void => {
      if (this.places[row] !== -1) return;
      this.keys[row] = -this.nodes.rank[row]!;
      heap.push(row);
    };
    for (const row of this.touched) if (isLiveCode(this.nodes.status[row]!)) enqueue(row);
    let patience = 2 * this.nodes.length + 1024;
    for (let row = heap.at(0); row !== undefined; row = heap.at(0)) {
      heap.remove(row);
      this.revise(row, enqueue);
      patience -= 1;
      if (patience === 0) break;
    }
    const settled = heap.size === 0;
    if (!settled) this.places.fill(-1);
    return settled;
  }

  private revise(row: number, enqueue: (row: number) => void): void {
    const { nodes, edges } = this;
    const before = nodes.rank[row]!;
    const rank = nodes.estimate[row]! + this.longestBelow(row);
    const isNew = this.touched.has(row);
    if (rank === before && !isNew) return;
    this.assign(row, rank);
    const end = edges.start[row]! + edges.count[row]!;
    for (let edge = edges.start[row]!; edge < end; edge += 1) {
      const input = edges.input[edge]!;
      if (!isLiveCode(nodes.status[input]!)) continue;
      const below = nodes.rank[input]! - nodes.estimate[input]!;
      // Only a longer path, or the one that was the longest, can change an input.
      if (rank > below || (before >= below && rank < before)) enqueue(input);
    }
  }

  private longestBelow(row: number): number {
    const { firstDependent, owner, next } = this.edges;
    const { status, rank } = this.nodes;
    let longest = 0;
    for (let edge = firstDependent[row]!; edge !== -1; edge = next[edge]!) {
      const dependent = owner[edge]!;
      if (dependent === -1 || !isLiveCode(status[dependent]!)) continue;
      if (rank[dependent]! > longest) longest = rank[dependent]!;
    }
    return longest;
  }

  private assign(row: number, rank: number): void {
    if (this.nodes.rank[row] === rank) return;
    this.nodes.rank[row] = rank;
    if (this.nodes.place[row] !== -1) this.onMoved(row);
  }

  private fit(): void {
    if (this.keys.length >= this.nodes.length) return;
    this.keys = new Float64Array(this.nodes.id.length);
    this.places = new Int32Array(this.nodes.id.length).fill(-1);
  }
}

function countLiveDependents(nodes: NodeTable, edges: EdgeTable): Int32Array {
  const pending = new Int32Array(nodes.length);
  const { input, start, count } = edges;
  for (let row = 0; row < nodes.length; row += 1) {
    if (!isLiveCode(nodes.status[row]!)) continue;
    const end = start[row]! + count[row]!;
    for (let edge = start[row]!; edge < end; edge += 1) pending[input[edge]!]! += 1;
  }
  return pending;
}
