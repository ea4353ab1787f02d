import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { tmpdir } from 'node:os';
import { AttemptLedger } from './attempt-ledger.js';
import { HeartbeatLoop } from './heartbeat-loop.js';

describe('the heartbeat', () => {
  const leaseSeconds = 30;
  let sent: number;
  let unheard: number;
  let loop: HeartbeatLoop;

  beforeEach(() => {
    jest.useFakeTimers();
    sent = unheard = 0;
    loop = new HeartbeatLoop({
      ...{ ledger: new AttemptLedger(1), data: tmpdir(), minDisk: 0, holdsBack: () => null },
      send: () => void sent++,
      unheard: () => void unheard++,
    });
  });

  afterEach(() => {
    loop.stop();
    jest.useRealTimers();
  });

  const converse = (protocol: number) =>
    loop.start({ heartbeatSeconds: leaseSeconds / 3, leaseSeconds, protocol });

  it('is sent at once and three times in a lease', () => {
    converse(2);
    jest.advanceTimersByTime(leaseSeconds * 1000);
    expect(sent).toBe(4);
  });

  it('leaves a farm that is silent a third of a lease before the lease runs out', () => {
    converse(2);
    // Carried out a moment after the second was sent: the lease is counted from there.
    jest.advanceTimersByTime(10_020);
    loop.acknowledged();
    jest.advanceTimersByTime(19_999);
    expect(unheard).toBe(0);
    jest.advanceTimersByTime(1);
    expect(unheard).toBe(1);
  });

  it('stays with a farm that answers', () => {
    converse(2);
    for (let seconds = 0; seconds < 120; seconds += 10) {
      jest.advanceTimersByTime(10_000);
      loop.acknowledged();
    }
    expect(unheard).toBe(0);
  });

  it.each([
    ['of version 1, which answers none', () => converse(1)],
    ['that is away', () => (converse(2), loop.lost())],
  ])('expects no answer from a farm %s', (_, begin) => {
    begin();
    jest.advanceTimersByTime(120_000);
    expect(unheard).toBe(0);
  });
});
