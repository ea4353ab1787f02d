/**
 * The ready builds: one heap by critical path for each (priority, specifications, demand), and one
 * by age for each demand. A build is in both or in none.
 */
import type { NodeTable } from './node-table.js';
import { goesBefore, RowHeap } from './row-heap.js';

export interface ReadyQueue {
  readonly priority: number;
  /** Interned, as in the table. */
  readonly specifications: number;
  readonly demand: number;
  readonly heap: RowHeap;
}

export class ReadyQueues {
  private readonly queues = new Map<number, ReadyQueue>();
  private readonly byAge = new Map<number, RowHeap>();
  size = 0;

  constructor(private readonly nodes: NodeTable) {}

  add(row: number): void {
    this.queueOf(row).heap.push(row);
    this.ageQueueOf(this.nodes.demand[row]!).push(row);
    this.size += 1;
  }

  has(row: number): boolean {
    return this.nodes.place[row] !== -1;
  }

  remove(row: number): void {
    this.queueOf(row).heap.remove(row);
    this.ageQueueOf(this.nodes.demand[row]!).remove(row);
    this.size -= 1;
  }

  /** Its critical path has changed. */
  moved(row: number): void {
    this.queueOf(row).heap.moved(row);
  }

  *filled(): Iterable<ReadyQueue> {
    for (const [key, queue] of this.queues) {
      if (queue.heap.size > 0) yield queue;
      else this.queues.delete(key);
    }
  }

  /** Of each demand the build that waits longest. */
  *oldest(): Iterable<number> {
    for (const heap of this.byAge.values()) if (heap.size > 0) yield heap.at(0)!;
  }

  private queueOf(row: number): ReadyQueue {
    const { demand, specifications, priority } = this.nodes;
    const key = (specifications[row]! * 65_536 + demand[row]!) * 16 + priority[row]!;
    let queue = this.queues.get(key);
    if (!queue) {
      const heap = new RowHeap(() => ({ keys: this.nodes.rank, places: this.nodes.place }));
      const of = { specifications: specifications[row]!, demand: demand[row]! };
      queue = { priority: priority[row]!, ...of, heap };
      this.queues.set(key, queue);
    }
    return queue;
  }

  private ageQueueOf(demand: number): RowHeap {
    let heap = this.byAge.get(demand);
    if (!heap) {
      heap = new RowHeap(() => ({ keys: this.nodes.lateness, places: this.nodes.duePlace }));
      this.byAge.set(demand, heap);
    }
    return heap;
  }
}

/** The first rows of a heap, largest key first, until one will do; -1 when `most` will not. */
export function firstOf(queue: ReadyQueue, will: FirstWill): number {
  const { heap } = queue;
  const open = [0];
  for (let looked = 0; looked < will.most && open.length > 0; looked += 1) {
    const next = takeFirst(open, heap, will.keys);
    const row = heap.at(next)!;
    if (will.do(row)) return row;
    for (const child of [2 * next + 1, 2 * next + 2]) if (child < heap.size) open.push(child);
  }
  return -1;
}

export interface FirstWill {
  readonly most: number;
  readonly keys: Float64Array;
  do(row: number): boolean;
}

function takeFirst(open: number[], heap: RowHeap, keys: Float64Array): number {
  let first = 0;
  for (let i = 1; i < open.length; i += 1) {
    if (goesBefore(keys, heap.at(open[i]!)!, heap.at(open[first]!)!)) first = i;
  }
  const place = open[first]!;
  open[first] = open[open.length - 1]!;
  open.pop();
  return place;
}
