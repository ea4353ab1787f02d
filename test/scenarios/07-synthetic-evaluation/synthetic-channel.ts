/**
 * Recipes of a synthetic distribution: a bootstrap chain, hubs that a good part of everything
 * needs, and packages that need some older ones. The same at every run. Nothing ever runs their
 * scripts; derivations, paths and edges are real.
 */
import { SeededChance } from '../../../bench/seeded-chance.js';
import type { Recipe } from '#testkit/scenario-channel.js';

export const commonSystem = 'x86_64-linux';
export const otherSystem = 'aarch64-linux';
export const largeFeature = 'big-parallel';

const bootstrap = 8;
const hubs = 12;
/** Of all builds: for another system, and for large machines. */
const shares = { otherSystem: 0.15, large: 0.005, aHub: 0.25 };

/** Each is a job. Inputs stand before what needs them. */
export function syntheticRecipes(count: number): Recipe[] {
  const chance = new SeededChance(7);
  return Array.from({ length: count }, (_, i) => ({
    name: nameOf(i),
    script: ':',
    inputs: inputsOf(i, chance).map(nameOf),
    ...machineOf(i, chance),
  }));
}

/** As for durations: each is a package of its own, but every eighth is one of many sources. */
function nameOf(index: number): string {
  return index % 8 === 0 ? `source-${index}` : `package${index}-1.${index % 10}`;
}

function inputsOf(index: number, chance: SeededChance): number[] {
  if (index < bootstrap) return index === 0 ? [] : [index - 1];
  const first = bootstrap + hubs;
  if (index < first) return [bootstrap - 1];
  const found = new Set<number>();
  for (let hub = bootstrap; hub < first; hub += 1) {
    if (chance.next() < shares.aHub) found.add(hub);
  }
  const wished = index > first ? chance.below(6) : 0;
  // The older a package is, the more need it.
  for (let n = 0; n < wished; n += 1) {
    found.add(first + Math.floor((index - first) * chance.next() ** 1.5));
  }
  return found.size > 0 ? [...found] : [bootstrap - 1];
}

function machineOf(index: number, chance: SeededChance): Partial<Recipe> {
  const [system, large] = [chance.next(), chance.next()];
  if (index < bootstrap + hubs) return { system: commonSystem };
  if (large < shares.large) return { system: commonSystem, requiredFeatures: [largeFeature] };
  return { system: system < shares.otherSystem ? otherSystem : commonSystem };
}
