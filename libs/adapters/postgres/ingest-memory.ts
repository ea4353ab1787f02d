/**
 * What one reading of an evaluation has learned from its batches, so that the next batch need not
 * ask again. Written only after a commit; lost with the process, and then asked again.
 */
export interface IngestMemory {
  /** Base name → id of what the reading has written or found. */
  readonly ids: Map<string, number>;
  /** Builds whose demand is settled, with all that they need. */
  readonly settled: Set<number>;
  /** Those of them that had failed already: what comes to need them must be told. */
  readonly failed: Set<number>;
  /** Sources that it has found offered: what names them keeps them. */
  readonly sources: Set<string>;
  /** Cancels of builds up to this one are known to it. */
  cancelEpoch: number;
}

/** A cancel since the last batch may have taken away what was settled: it is looked at again. */
export function heedCancels(memory: IngestMemory, cancelEpoch: number): void {
  if (memory.cancelEpoch !== cancelEpoch) memory.settled.clear();
  memory.cancelEpoch = cancelEpoch;
}

/** As many as are read at once, and some whose leases went over. */
const readingsRemembered = 8;

export class IngestMemories {
  private readonly byFence = new Map<string, IngestMemory>();

  of(fence: string): IngestMemory {
    const memory = this.byFence.get(fence) ?? {
      ids: new Map(),
      settled: new Set(),
      failed: new Set(),
      sources: new Set(),
      cancelEpoch: 0,
    };
    this.byFence.delete(fence);
    this.byFence.set(fence, memory);
    for (const [oldest] of this.byFence) {
      if (this.byFence.size > readingsRemembered) this.byFence.delete(oldest);
    }
    return memory;
  }
}
