/**
 * Wakes whoever watches when the farm tells that something changed. The stream may end, break or
 * never come: then it is asked for again, and whoever waits looks by itself now and then.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '#client/client.js';
import { listEvents } from '#client/generated/events.js';
import { liveEvents } from '../../event-stream.js';

/** Doubled at each connection that brought nothing. */
const againMilliseconds = 250;
const againAtMost = 8000;

export class News {
  private readonly ending = new AbortController();
  private fresh = false;
  private rouse: () => void = () => undefined;
  private last: string | undefined;

  constructor(
    private readonly client: Client,
    private readonly topic: string,
  ) {
    void this.listen();
  }

  /** Resolves at the next news, at once if there were some since the last call, or in time. */
  async waited(milliseconds: number): Promise<void> {
    if (!this.fresh && !this.ending.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.fresh = false;
  }

  close(): void {
    this.ending.abort();
    this.rouse();
  }

  private async listen(): Promise<void> {
    const { signal } = this.ending;
    let rest = againMilliseconds;
    while (!signal.aborted) {
      try {
        if (await this.stream()) rest = againMilliseconds;
      } catch {
        // The farm is away, or an older one without this stream: looking goes on.
      }
      await pause(rest, undefined, { signal }).catch(() => undefined);
      rest = Math.min(againAtMost, rest * 2);
    }
  }

  /** Whether it brought anything before it ended. */
  private async stream(): Promise<boolean> {
    const last = this.last === undefined ? {} : { last: this.last };
    const query = { topic: [this.topic], ...last };
    const silent = new AbortController();
    const signal = AbortSignal.any([this.ending.signal, silent.signal]);
    const answer = await listEvents(this.client, { query, signal });
    let brought = false;
    for await (const { event, id } of liveEvents(answer.body, silent)) {
      brought = true;
      if (id !== '') this.last = id;
      if (event !== 'beat') this.wake();
    }
    return brought;
  }

  private wake(): void {
    this.fresh = true;
    this.rouse();
  }
}
