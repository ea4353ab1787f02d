/** The bus: at most once, late, sometimes never. */
import type { Bus, Topic } from '#application/ports/bus.js';
import type { Owner } from './timeline.js';
import type { World } from './world.js';

interface Subscription {
  readonly owner: Owner;
  readonly topic: Topic;
  readonly listener: (message: string) => void;
}

export class SimulatedWire {
  private subscriptions: Subscription[] = [];

  constructor(private readonly world: World) {}

  of(owner: Owner): Bus {
    return {
      publish: async (topic, message) => this.publish(topic, message),
      subscribe: async (topic, listener) => {
        const subscription = { owner, topic, listener };
        this.subscriptions = [...this.subscriptions.filter((s) => s.owner.alive), subscription];
        return async () => {
          this.subscriptions = this.subscriptions.filter((other) => other !== subscription);
        };
      },
      close: async () => undefined,
    };
  }

  private publish(topic: Topic, message: string): void {
    const { world } = this;
    for (const { owner, topic: wanted, listener } of this.subscriptions) {
      if (wanted !== topic || world.chance.odds(world.odds.lost)) continue;
      world.timeline.after(world.latency(), owner, () => listener(message));
    }
  }
}
