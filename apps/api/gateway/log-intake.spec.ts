import { describe, expect, it } from '@jest/globals';
import type { LogStore } from '#application/ports/log-store.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { LogIntake } from './log-intake.js';

/** Keeps sizes alone. */
function sizes(): LogStore {
  let size = 0;
  return {
    append: async (_key, offset, bytes) => {
      if (offset <= size) size = Math.max(size, offset + bytes.length);
      return size;
    },
    size: async () => size,
    async *read() {},
    async *scan() {},
    seal: async () => undefined,
  };
}

describe('the intake of a log', () => {
  it('drops what lies past the limit, and says that it has it', async () => {
    const intake = new LogIntake({ logs: sizes(), bus: new FakeBus(), maxLogBytes: 10 });
    expect(await intake.take({ attempt: 1, offset: 0, bytes: new Uint8Array(12) })).toBe(12);
    expect(await intake.take({ attempt: 1, offset: 12, bytes: new Uint8Array(5) })).toBe(17);
  });

  it('never says that it has what lies before a gap', async () => {
    const intake = new LogIntake({ logs: sizes(), bus: new FakeBus(), maxLogBytes: 10 });
    expect(await intake.take({ attempt: 1, offset: 0, bytes: new Uint8Array(3) })).toBe(3);
    expect(await intake.take({ attempt: 1, offset: 5, bytes: new Uint8Array(2) })).toBe(3);
    expect(await intake.take({ attempt: 1, offset: 40, bytes: new Uint8Array(2) })).toBe(3);
  });
});
