import { describe, expect, it } from '@jest/globals';
import { failingPhase } from './failing-phase.js';

describe('the phase that a build failed in', () => {
  it('is the one that Guix says failed', () => {
    const log = [
      "starting phase `build'",
      "phase `build' succeeded after 1.2 seconds",
      "starting phase `check'",
      'FAIL: x',
      "error: in phase 'check': uncaught exception:",
      "phase `check' failed after 0.3 seconds",
      'builder failed',
    ];
    expect(failingPhase(log.join('\n'))).toBe('check');
  });

  it('is the one that Nix began last', () => {
    const log = ['Running phase: unpackPhase', 'Running phase: buildPhase', 'make: *** Error 1'];
    expect(failingPhase(log.join('\n'))).toBe('buildPhase');
  });

  it('is not known where the last one succeeded, or none is told', () => {
    expect(failingPhase("phase `install' succeeded after 1.0 seconds\nkilled")).toBeNull();
    expect(failingPhase('no phases at all')).toBeNull();
  });
});
