/**
 * Graphs of builds as package collections have them, with durations from 10 s to 6 h. Inputs always
 * stand before what needs them.
 */
import { SeededChance } from './seeded-chance.js';

export type Shape = 'package' | 'wide' | 'random';

export interface BuildGraph {
  /** Milliseconds on a worker of speed 1. */
  readonly durations: Float64Array;
  readonly inputs: readonly (readonly number[])[];
}

export interface GraphWish {
  readonly shape: Shape;
  readonly builds: number;
  readonly seed: number;
}

export function buildGraph({ shape, builds, seed }: GraphWish): BuildGraph {
  const chance = new SeededChance(seed);
  const inputs = shapes[shape](builds, chance);
  const durations = Float64Array.from({ length: builds }, () => duration(chance));
  return { durations, inputs };
}

/** Log-normal around two minutes, from ten seconds to six hours. */
function duration(chance: SeededChance): number {
  const seconds = 120 * Math.exp(1.5 * chance.normal());
  return Math.round(Math.min(6 * 3600, Math.max(10, seconds)) * 1000);
}

const shapes: Record<Shape, (builds: number, chance: SeededChance) => number[][]> = {
  package: packageGraph,
  wide: (builds, chance) => wideGraph(builds, chance),
  random: layeredGraph,
};

/** A chain of 30 bootstrap builds, and packages whose inputs are the more popular the older. */
function packageGraph(builds: number, chance: SeededChance): number[][] {
  const chain = 30;
  return Array.from({ length: builds }, (_, i) => {
    if (i < chain) return i === 0 ? [] : [i - 1];
    const wished = 1 + chance.below(5);
    const found = new Set([chain - 1]);
    for (let n = 0; n < wished; n += 1) {
      found.add(chain - 1 + Math.floor((i - chain + 1) * chance.next() ** 3));
    }
    return [...found];
  });
}

/** A chain of 8, and everything else needs only its end. */
function wideGraph(builds: number, chance: SeededChance): number[][] {
  const chain = 8;
  return Array.from({ length: builds }, (_, i) => {
    if (i < chain) return i === 0 ? [] : [i - 1];
    return chance.next() < 0.05 && i > chain + 1
      ? [chain - 1, chain + chance.below(i - chain)]
      : [chain - 1];
  });
}

/** Layers of random width; a build needs one to four of the layer before its own. */
function layeredGraph(builds: number, chance: SeededChance): number[][] {
  const inputs: number[][] = [];
  let before: readonly number[] = [];
  while (inputs.length < builds) {
    const width = Math.min(builds - inputs.length, 20 + chance.below(400));
    const layer = Array.from({ length: width }, (_, i) => inputs.length + i);
    for (let i = 0; i < width; i += 1) {
      const found = new Set<number>();
      const wished = before.length === 0 ? 0 : 1 + chance.below(4);
      for (let n = 0; n < wished; n += 1) found.add(before[chance.below(before.length)]!);
      inputs.push([...found]);
    }
    before = layer;
  }
  return inputs;
}
