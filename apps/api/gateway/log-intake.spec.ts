import { describe, expect, it } from '@jest/globals';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { AttemptId } from '#domain/ids.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { LogIntake } from './log-intake.js';

interface Kept {
  readonly logs: LogStore;
  /** Offsets at which bytes were brought, and seals, in their order. */
  readonly asked: (number | 'seal')[];
  /** Lets the appends that were asked for be carried out. */
  readonly release: () => void;
}

/** Keeps sizes alone; a slow one keeps nothing before it is released. */
function keeper({ slow = false } = {}): Kept {
  let size = 0;
  let release = (): void => undefined;
  const ready = slow ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve();
  const asked: (number | 'seal')[] = [];
  const logs: LogStore = {
    append: async (_key, offset, bytes) => {
      asked.push(offset);
      await ready;
      if (offset <= size) size = Math.max(size, offset + bytes.length);
      return size;
    },
    size: async () => size,
    async *read() {},
    async *scan() {},
    seal: async () => void asked.push('seal'),
  };
  return { logs, asked, release: () => release() };
}

const frame = (offset: number, length: number) => ({
  attempt: 1,
  offset,
  bytes: new Uint8Array(length),
});

describe('the intake of a log', () => {
  it('drops what lies past the limit, and says that it has it', async () => {
    const intake = new LogIntake({ logs: keeper().logs, bus: new FakeBus(), maxLogBytes: 10 });
    expect(await intake.take(frame(0, 12))).toBe(12);
    expect(await intake.take(frame(12, 5))).toBe(17);
  });

  it('never says that it has what lies before a gap', async () => {
    const intake = new LogIntake({ logs: keeper().logs, bus: new FakeBus(), maxLogBytes: 10 });
    expect(await intake.take(frame(0, 3))).toBe(3);
    expect(await intake.take(frame(5, 2))).toBe(3);
    expect(await intake.take(frame(40, 2))).toBe(3);
  });

  it('lets no frame wait for the disk before the next, and acknowledges what is kept', async () => {
    const { logs, asked, release } = keeper({ slow: true });
    const intake = new LogIntake({ logs, bus: new FakeBus(), maxLogBytes: 10 });
    const answers: number[] = [];
    const taken = [frame(0, 4), frame(4, 4), frame(8, 4), frame(12, 4)].map(async (one) => {
      answers.push(await intake.take(one));
    });
    expect(asked).toEqual([0, 4, 8, 12]);
    const sealed = intake.seal(1 as AttemptId);
    expect(asked).toEqual([0, 4, 8, 12, 'seal']);
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    release();
    await Promise.all([...taken, sealed]);
    // A worker that hears the same offset twice sends again from there.
    expect(answers).toEqual([4, 8, 12, 16]);
  });

  it('tells of the newest size, by one message at a time that no worker waits for', async () => {
    const said: string[] = [];
    let heard: (() => void) | null = null;
    const bus = {
      publish: (topic, size) => {
        said.push(`${topic} ${size}`);
        return new Promise<void>((resolve) => (heard = resolve));
      },
    } as Pick<Bus, 'publish'> as Bus;
    const intake = new LogIntake({ logs: keeper().logs, bus, maxLogBytes: 100 });
    for (const offset of [0, 4, 8, 12])
      expect(await intake.take(frame(offset, 4))).toBe(offset + 4);
    expect(said).toEqual(['live/log/attempt-1 4']);
    heard!();
    await new Promise(setImmediate);
    expect(said).toEqual(['live/log/attempt-1 4', 'live/log/attempt-1 16']);
    heard!();
    await new Promise(setImmediate);
    expect(await intake.take(frame(16, 4))).toBe(20);
    expect(said.at(-1)).toBe('live/log/attempt-1 20');
  });

  it('goes on when the bus is away', async () => {
    const bus = { publish: () => Promise.reject(new Error('away')) } as Pick<Bus, 'publish'> as Bus;
    const intake = new LogIntake({ logs: keeper().logs, bus, maxLogBytes: 100 });
    expect(await intake.take(frame(0, 4))).toBe(4);
    expect(await intake.take(frame(4, 4))).toBe(8);
  });
});
