/**
 * LB2, below which no schedule's length can be: for every pair of thresholds, what must come
 * before, what all workers share, and what must come after; and never less than the longest path.
 */
import type { BuildGraph } from './build-graphs.js';

const thresholds = 1500;

export function lowerBound(graph: BuildGraph, speeds: readonly number[]): number {
  const { durations, inputs } = graph;
  const head = new Float64Array(durations.length);
  const tail = new Float64Array(durations.length);
  for (const [i, from] of inputs.entries()) {
    for (const input of from) head[i] = Math.max(head[i]!, head[input]! + durations[input]!);
  }
  for (let i = durations.length - 1; i >= 0; i -= 1) {
    for (const input of inputs[i]!) {
      tail[input] = Math.max(tail[input]!, tail[i]! + durations[i]!);
    }
  }
  const fastest = Math.max(...speeds);
  const capacity = speeds.reduce((sum, speed) => sum + speed, 0);
  let bound = 0;
  for (const [i, duration] of durations.entries()) {
    bound = Math.max(bound, (head[i]! + duration + tail[i]!) / fastest);
  }
  return Math.max(bound, sharedBound({ head, tail, durations, fastest, capacity }));
}

interface SharedFacts {
  readonly head: Float64Array;
  readonly tail: Float64Array;
  readonly durations: Float64Array;
  readonly fastest: number;
  readonly capacity: number;
}

/** Work in a grid of thresholds, summed up from the far corner, so that every pair is looked at. */
function sharedBound({ head, tail, durations, fastest, capacity }: SharedFacts): number {
  const hs = quantiles(head);
  const qs = quantiles(tail);
  const width = qs.length + 1;
  const work = new Float64Array((hs.length + 1) * width);
  for (const [i, duration] of durations.entries()) {
    work[lastAtMost(hs, head[i]!) * width + lastAtMost(qs, tail[i]!)]! += duration;
  }
  let bound = 0;
  for (let h = hs.length - 1; h >= 0; h -= 1) {
    for (let q = qs.length - 1; q >= 0; q -= 1) {
      const at = h * width + q;
      work[at]! += work[at + 1]! + work[at + width]! - work[at + width + 1]!;
      // Rounding leaves crumbs where there is nothing, and nothing takes no time.
      if (work[at]! < 1) continue;
      bound = Math.max(bound, (hs[h]! + qs[q]!) / fastest + work[at]! / capacity);
    }
  }
  return bound;
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

function quantiles(values: Float64Array): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  if (sorted.length <= thresholds) return sorted;
  return Array.from(
    { length: thresholds },
    (_, i) => sorted[Math.floor((i * (sorted.length - 1)) / (thresholds - 1))]!,
  );
}
