import { describe, expect, it } from '@jest/globals';
import { demandedFeatures, offeredFeatures } from './backend-features.js';
import { canBuild } from './worker-class.js';

describe('a derivation of Guix', () => {
  const demand = {
    system: 'x86_64-linux',
    requiredFeatures: demandedFeatures(['kvm'], '/gnu/store'),
  };
  const worker = (backends: Parameters<typeof offeredFeatures>[1]): boolean =>
    canBuild(
      { systems: ['x86_64-linux'], features: offeredFeatures(['kvm'], backends), speed: 1 },
      demand,
    );

  it('waits for a worker with a guix-daemon', () => {
    expect(worker(['nix', 'local'])).toBe(false);
    expect(worker(['local', 'guix'])).toBe(true);
  });

  it('is told from those of other stores, which ask for nothing more', () => {
    expect(demandedFeatures(['kvm'], '/nix/store')).toEqual(['kvm']);
    expect(demandedFeatures([], '/gnu/store')).toEqual(['guix-daemon']);
    expect(offeredFeatures(['guix-daemon'], ['guix'])).toEqual(['guix-daemon']);
  });
});
