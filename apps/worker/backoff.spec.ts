import { describe, expect, it } from '@jest/globals';
import { reconnectPause, type PauseFacts } from './backoff.js';

const facts: PauseFacts = { failures: 1, refusals: 0, leaseSeconds: 30, chance: 0.999_999 };

/** A small congruential generator: the same storm in every run. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** When each of so many workers knocks, if the farm is away until `back`; all lost it at 0. */
function storm(workers: number, back: number): { knocks: number[]; connected: number[] } {
  const chance = chances(7);
  const knocks: number[] = [];
  const connected = Array.from({ length: workers }, () => {
    let at = 0;
    for (let failures = 1; ; failures++) {
      at += reconnectPause({ ...facts, failures, chance: chance() });
      knocks.push(at);
      if (at >= back) return at;
    }
  });
  return { knocks, connected };
}

function mostIn(times: readonly number[], window: number): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const at = Math.floor(time / window);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

describe('a thousand workers that lose the farm at once', () => {
  it('come back spread over a second when it is there again at once', () => {
    const { connected } = storm(1000, 0);
    expect(Math.max(...connected)).toBeLessThan(1000);
    expect(mostIn(connected, 100)).toBeLessThan(150);
  });

  it('knock ever more seldom during an outage, and never together', () => {
    const { knocks } = storm(1000, 120_000);
    const late = knocks.filter((at) => at > 40_000 && at < 110_000);
    expect(late.length / 70).toBeLessThan(250);
    expect(mostIn(late, 100)).toBeLessThan(60);
  });

  it('are all back within a third of a lease after it', () => {
    const { connected } = storm(1000, 120_000);
    expect(Math.max(...connected) - 120_000).toBeLessThan(10_000);
    expect(mostIn(connected, 100)).toBeLessThan(60);
  });
});

describe('the pause before a worker connects again', () => {
  it('is never longer than a third of its lease', () => {
    const pauses = [1, 2, 5, 50].map((failures) =>
      reconnectPause({ ...facts, failures, leaseSeconds: 3 }),
    );
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
  });

  it('is long, and grows, when only a person can mend the refusal', () => {
    const shortest = (refusals: number): number =>
      reconnectPause({ ...facts, refusals, chance: 0 }) / 1000;
    expect([1, 2, 3, 4, 5, 100].map(shortest)).toEqual([15, 30, 60, 120, 150, 150]);
  });
});
