/**
 * The bus over Redis pub/sub: one channel per topic, subscriptions made again after a reconnect.
 */
import type { Redis } from 'ioredis';
import type { Bus, Topic } from '#application/ports/bus.js';
import { openRedis } from './connection.js';

const prefix = 'gambeson:bus:';
type Listener = (message: string) => void;

export class RedisBus implements Bus {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(redisUrl: string) {
    this.publisher = openRedis(redisUrl, true);
    this.subscriber = openRedis(redisUrl);
    this.subscriber.on('message', (channel: string, message: string) => {
      for (const listener of this.listeners.get(channel) ?? []) listener(message);
    });
  }

  async publish(topic: Topic, message: string): Promise<void> {
    // A message nobody can hear now is worth nothing later: never queue it up.
    if (this.publisher.status !== 'ready') await this.firstConnection();
    if (this.publisher.status !== 'ready') return;
    await this.publisher.publish(prefix + topic, message).catch(() => 0);
  }

  async subscribe(topic: Topic, listener: Listener): Promise<() => Promise<void>> {
    const channel = prefix + topic;
    const listeners = this.listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.listeners.set(channel, listeners);
    await this.subscriber.subscribe(channel);
    return () => this.unsubscribe(channel, listener);
  }

  async close(): Promise<void> {
    this.listeners.clear();
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private async unsubscribe(channel: string, listener: Listener): Promise<void> {
    const listeners = this.listeners.get(channel);
    listeners?.delete(listener);
    if (!listeners || listeners.size > 0) return;
    this.listeners.delete(channel);
    await this.subscriber.unsubscribe(channel).catch(() => undefined);
  }

  /** A process that has just started waits for its first connection; later ones do not. */
  private async firstConnection(): Promise<void> {
    if (!['connecting', 'connect', 'wait'].includes(this.publisher.status)) return;
    await new Promise<void>((resolve) => {
      this.publisher.once('ready', resolve);
      this.publisher.once('close', resolve);
    });
  }
}
