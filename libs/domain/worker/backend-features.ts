/**
 * What a build asks of a machine besides its system: Guix' derivations want one with a guix-daemon.
 * It is a feature like `kvm`, that nobody has to write down: a worker offers it by its backend, a
 * derivation asks for it by its store. (Whatever else can be built, each worker is taken to build.)
 */
import type { BackendName } from '../specification/specification.js';
import { backendStores } from '../specification/specification.js';

export const guixFeature = 'guix-daemon';

/** Of a worker that has these backends. */
export function offeredFeatures(
  features: readonly string[],
  backends: readonly BackendName[],
): string[] {
  return backends.includes('guix') ? together(features) : [...features];
}

/** Of a derivation in that store directory. */
export function demandedFeatures(features: readonly string[], dir: string): string[] {
  return dir === backendStores.guix.dir ? together(features) : [...features];
}

function together(features: readonly string[]): string[] {
  return [...new Set([...features, guixFeature])].sort();
}
