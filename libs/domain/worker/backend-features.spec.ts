import { describe, expect, it } from '@jest/globals';
import type { BackendName } from '../specification/specification.js';
import { demandedFeatures, offeredFeatures } from './backend-features.js';
import { canBuild } from './worker-class.js';

function takes(dir: string, backends: readonly BackendName[]): boolean {
  const systems = ['x86_64-linux'];
  return canBuild(
    { systems, features: offeredFeatures(['kvm'], backends), speed: 1 },
    { system: 'x86_64-linux', requiredFeatures: demandedFeatures(['kvm'], dir) },
  );
}

describe('a derivation', () => {
  it('of Guix waits for a worker with a guix-daemon', () => {
    expect(takes('/gnu/store', ['nix', 'local'])).toBe(false);
    expect(takes('/gnu/store', ['local', 'guix'])).toBe(true);
  });

  it('of Nix waits for a worker with Nix', () => {
    expect(takes('/nix/store', ['guix', 'local'])).toBe(false);
    expect(takes('/nix/store', ['local', 'nix'])).toBe(true);
  });

  it('of the local backend asks for nothing more', () => {
    expect(demandedFeatures(['kvm'], '/gambeson/store')).toEqual(['kvm']);
    expect(takes('/gambeson/store', ['guix'])).toBe(true);
  });

  it('asks for a feature once, whoever wrote it down', () => {
    expect(demandedFeatures([], '/gnu/store')).toEqual(['guix-daemon']);
    expect(offeredFeatures(['nix'], ['nix'])).toEqual(['nix']);
  });
});
