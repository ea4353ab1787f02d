import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Pulse, pulseOf } from './pulse.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a pulse', () => {
  it('is one for all who wait, and the next one is another', async () => {
    const pulse = new Pulse(100);
    const first = pulse.next();
    jest.advanceTimersByTime(99);
    expect(pulse.next()).toBe(first);
    jest.advanceTimersByTime(1);
    await first;
    expect(pulse.next()).not.toBe(first);
  });

  it('does not beat while nobody waits', async () => {
    const pulse = new Pulse(100);
    expect(jest.getTimerCount()).toBe(0);
    const next = pulse.next();
    jest.advanceTimersByTime(100);
    await next;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is short beside the heartbeats that wait for it', async () => {
    for (const heartbeatSeconds of [0.3, 1, 10, 100]) {
      const next = pulseOf(heartbeatSeconds).next();
      jest.advanceTimersByTime(Math.min(500, heartbeatSeconds * 50));
      await next;
    }
  });
});
