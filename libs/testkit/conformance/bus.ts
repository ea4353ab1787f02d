/** What every Bus must do; the fake, Redis and Postgres run it. `open` twice is two processes. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bus } from '#application/ports/bus.js';

export function busConformance(name: string, open: () => Promise<readonly [Bus, Bus]>): void {
  describe(`the bus on ${name}`, () => {
    let here: Bus;
    let there: Bus;
    beforeEach(async () => {
      [here, there] = await open();
    });
    afterEach(async () => {
      await here.close();
      await there.close();
    });

    it('carries messages of one publisher in order to every listener of the topic', async () => {
      const [near, far] = [inbox(3), inbox(3)];
      await here.subscribe('live/builds', near.listen);
      await there.subscribe('live/builds', far.listen);
      await there.subscribe('planner', () => far.listen('of another topic'));
      for (const message of ['1', '2', '3']) await here.publish('live/builds', message);
      expect(await near.full).toEqual(['1', '2', '3']);
      expect(await far.full).toEqual(['1', '2', '3']);
    });

    it('says nothing more to a listener that has ended, and goes on with the others', async () => {
      const [ended, stays] = [inbox(2), inbox(2)];
      const end = await there.subscribe('worker/5', ended.listen);
      await there.subscribe('worker/5', stays.listen);
      await here.publish('worker/5', 'first');
      await stays.count(1);
      await end();
      await here.publish('worker/5', 'second');
      expect(await stays.full).toEqual(['first', 'second']);
      expect(ended.messages).toEqual(['first']);
    });

    it('carries each of many topics to the one who asked, however many ask at once', async () => {
      const inboxes = Array.from({ length: 300 }, () => inbox(1));
      const ends = await Promise.all(
        inboxes.map((one, at) => there.subscribe(`worker/${at}`, one.listen)),
      );
      await Promise.all(inboxes.map((_, at) => here.publish(`worker/${at}`, `to ${at}`)));
      const heard = await Promise.all(inboxes.map((one) => one.full));
      expect(heard).toEqual(inboxes.map((_, at) => [`to ${at}`]));
      await Promise.all(ends.map((end) => end()));
    });

    it('never throws at a publisher, not even for a message that is far too long', async () => {
      await here.publish('live/builds', 'x'.repeat(9000));
      await here.close();
      await here.publish('live/builds', 'after the end');
    });
  });
}

interface Inbox {
  readonly messages: string[];
  readonly full: Promise<readonly string[]>;
  listen(message: string): void;
  count(wanted: number): Promise<void>;
}

function inbox(size: number): Inbox {
  const messages: string[] = [];
  const waiting: { wanted: number; resolve: () => void }[] = [];
  const count = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      if (messages.length >= wanted) resolve();
      else waiting.push({ wanted, resolve });
    });
  return {
    messages,
    count,
    full: count(size).then(() => messages),
    listen(message) {
      messages.push(message);
      for (const one of waiting) if (messages.length >= one.wanted) one.resolve();
    },
  };
}
