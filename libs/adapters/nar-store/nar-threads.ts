/**
 * Threads that measure nars of middling size beside the one that serves. Their heaps are small, so
 * that the garbage of unfolded nars is collected in a tenth of the time that it takes there.
 */
import { Worker } from 'node:worker_threads';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import type { NarFinding, NarTask } from './nar-thread.js';

type Told = (digest: NarDigest | null) => void;

interface Thread {
  readonly worker: Worker;
  readonly asked: Map<number, Told>;
}

export class NarThreads {
  private readonly threads: (Thread | undefined)[];
  private last = 0;

  /** They are started when there is something to measure. */
  constructor(
    count: number,
    private readonly program = new URL('./nar-thread.js', import.meta.url),
  ) {
    this.threads = Array.from({ length: count }, () => undefined);
  }

  /**
   * Null when this is not one whole nar of at most `largest` bytes in one frame of zstd, and when
   * the thread died of it.
   */
  measure(pieces: readonly Uint8Array[], largest: number): Promise<NarDigest | null> {
    const compressed = joined(pieces);
    const { worker, asked } = this.leastAsked();
    const task: NarTask = { id: ++this.last, compressed, largest };
    return new Promise((resolve) => {
      asked.set(task.id, resolve);
      worker.postMessage(task, [compressed.buffer]);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread?.worker.terminate()));
  }

  private leastAsked(): Thread {
    const load = (at: number): number => this.threads[at]?.asked.size ?? 0;
    const [at = 0] = [...this.threads.keys()].sort((a, b) => load(a) - load(b));
    return (this.threads[at] ??= this.start(at));
  }

  private start(at: number): Thread {
    const worker = new Worker(this.program);
    const asked = new Map<number, Told>();
    worker.unref();
    worker.on('message', ({ id, digest }: NarFinding) => {
      asked.get(id)?.(digest);
      asked.delete(id);
    });
    // Its end follows, and tells those who wait.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      this.threads[at] = undefined;
      for (const told of asked.values()) told(null);
    });
    return { worker, asked };
  }
}

/** Bytes of their own, which can go to another thread. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
