import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';

describe('work in the background', () => {
  it('takes the time that its bytes cost', async () => {
    const pace = new Pace(1_000_000, new AbortController().signal);
    const begun = performance.now();
    for (let piece = 0; piece < 4; piece += 1) await pace.spend(50_000);
    const took = performance.now() - begun;
    // 200 ms of its rate, the first 50 of which may be spent at once.
    expect(took).toBeGreaterThan(140);
  });

  it('ends at once when it is told to stop', async () => {
    const stop = new AbortController();
    const pace = new Pace(1, stop.signal);
    const waiting = pace.spend(1_000_000);
    stop.abort();
    await expect(waiting).rejects.toThrow('abort');
    await expect(pace.spend(0)).rejects.toThrow('abort');
  });
});
