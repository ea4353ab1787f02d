/**
 * Virtual time. Whatever happens is an event with a time and an owner; events of an owner that has
 * died are forgotten. One event runs at a time, and all that follows from it in microtasks, so a
 * seed runs the same way each time.
 */
export interface Owner {
  readonly name: string;
  alive: boolean;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly owner: Owner;
  readonly run: () => void | Promise<void>;
}

export class Timeline {
  /** Seconds since the beginning. */
  now = 0;
  steps = 0;
  private readonly heap: Event[] = [];
  private order = 0;

  after(seconds: number, owner: Owner, run: Event['run']): void {
    this.order += 1;
    this.push({ at: this.now + seconds, order: this.order, owner, run });
  }

  sleep(seconds: number, owner: Owner): Promise<void> {
    return new Promise((resolve) => this.after(seconds, owner, resolve));
  }

  /** False when nothing is left to happen. `moved` hears of the new time before the event runs. */
  async step(moved: (now: number) => Promise<void>): Promise<boolean> {
    const event = this.pop();
    if (!event) return false;
    if (!event.owner.alive) return true;
    this.steps += 1;
    if (event.at > this.now) {
      this.now = event.at;
      await moved(this.now);
    }
    await event.run();
    await settled();
    return true;
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = event;
  }

  private pop(): Event | null {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first ?? null;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** All microtasks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
