import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '#testkit/eventually.js';
import { Reconciler } from './reconciler.js';

const hour = 3600_000;
let loop: Reconciler;
afterEach(() => loop.stop());

describe('a loop', () => {
  it('that might not run before runs at once when it may and is woken', async () => {
    let leading = false;
    let asked = 0;
    let passes = 0;
    loop = new Reconciler({
      name: 'x',
      tickMilliseconds: hour,
      mayRun: () => {
        asked += 1;
        return leading;
      },
      pass: async () => {
        passes += 1;
      },
      fault: () => undefined,
    });
    loop.start();
    await eventually('the first run', () => asked === 1);
    leading = true;
    loop.wake();
    await eventually('the pass', () => passes === 1);
    expect(asked).toBe(2);
  });

  it('makes one more pass of the wakes that come during one', async () => {
    let passes = 0;
    let end = (): void => undefined;
    loop = new Reconciler({
      name: 'x',
      tickMilliseconds: hour,
      mayRun: () => true,
      pass: () =>
        new Promise((resolve) => {
          passes += 1;
          end = resolve;
        }),
      fault: () => undefined,
    });
    loop.start();
    await eventually('the first pass', () => passes === 1);
    loop.wake();
    loop.wake();
    end();
    await eventually('the second pass', () => passes === 2);
    end();
    await loop.stop();
    expect(passes).toBe(2);
  });
});
