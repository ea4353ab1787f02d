/** A bus in memory: several `FakeBus` on one `FakeWire` are several processes. */
import type { Bus, Topic } from '#application/ports/bus.js';

type Listener = (message: string) => void;

export class FakeWire {
  readonly listeners = new Map<string, Set<Listener>>();
  /** What was published, oldest first, for assertions. */
  readonly said: { readonly topic: Topic; readonly message: string }[] = [];
}

export class FakeBus implements Bus {
  private readonly mine: (() => void)[] = [];

  constructor(readonly wire = new FakeWire()) {}

  async publish(topic: Topic, message: string): Promise<void> {
    this.wire.said.push({ topic, message });
    for (const listener of [...(this.wire.listeners.get(topic) ?? [])]) listener(message);
  }

  async subscribe(topic: Topic, listener: Listener): Promise<() => Promise<void>> {
    // A listener may stand twice, so each subscription has a function of its own.
    const own: Listener = (message) => listener(message);
    const listeners = this.wire.listeners.get(topic) ?? new Set();
    listeners.add(own);
    this.wire.listeners.set(topic, listeners);
    const end = (): void => void listeners.delete(own);
    this.mine.push(end);
    return async () => end();
  }

  async close(): Promise<void> {
    for (const end of this.mine.splice(0)) end();
  }
}
