/**
 * What a build asks of a machine besides its system: derivations of Guix want one with a
 * guix-daemon, those of Nix one with Nix. These are features like `kvm`, that nobody has to write
 * down: a worker offers them by its backends, a derivation asks for one by its store. (What the
 * `local` backend builds, each worker builds.)
 */
import { backendAt, type BackendName } from '../specification/specification.js';

const backendFeatures: Readonly<Partial<Record<BackendName, string>>> = {
  guix: 'guix-daemon',
  nix: 'nix',
};

/** Of a worker that has these backends. */
export function offeredFeatures(
  features: readonly string[],
  backends: readonly BackendName[],
): string[] {
  return together(features, backends);
}

/** Of a derivation in that store directory. */
export function demandedFeatures(features: readonly string[], dir: string): string[] {
  const backend = backendAt(dir);
  return together(features, backend === null ? [] : [backend]);
}

/** Sorted, each once. */
function together(features: readonly string[], backends: readonly BackendName[]): string[] {
  const more = backends.flatMap((backend) => backendFeatures[backend] ?? []);
  return [...new Set([...features, ...more])].sort();
}
