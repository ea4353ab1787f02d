/**
 * How long the planner's schedules are, over a bound that no schedule can beat: graphs of three
 * shapes, farms of 16 to 200 workers, equal and mixed speeds, durations known exactly, with noise
 * (log-normal, sigma 0.5), and with noise and three in ten names never seen.
 */
import { defaultPolicy } from '#domain/scheduling/planner.js';
import type { SpecificationId } from '#domain/ids.js';
import { buildGraph, type BuildGraph, type Shape } from './build-graphs.js';
import { spread } from './contest.js';
import { simulate } from './farm-simulation.js';
import { lowerBound } from './lower-bound.js';
import { SeededChance } from './seeded-chance.js';

export const knowledges = ['exact', 'noisy', 'unknown'] as const;
export type Knowledge = (typeof knowledges)[number];

export interface Farm {
  readonly shape: Shape;
  readonly workers: number;
  readonly mixed: boolean;
}

const builds = 5000;
const seeds = [1, 2, 3];

export const farms: readonly Farm[] = (['package', 'wide', 'random'] as const).flatMap((shape) =>
  [false, true].flatMap((mixed) => [16, 64, 200].map((workers) => ({ shape, workers, mixed }))),
);

/** Median over the seeds of makespan ÷ LB2. */
export function makespanRatio(farm: Farm, knowledge: Knowledge): number {
  return spread(seeds.map((seed) => ratioOf(farm, knowledge, seed))).median;
}

export function targetOf({ shape, mixed }: Farm, knowledge: Knowledge): number | null {
  if (knowledge === 'exact') return mixed ? 1.05 : 1.01;
  if (knowledge === 'unknown') return null;
  if (!mixed) return 1.03;
  return shape === 'package' ? 1.15 : null;
}

function ratioOf(farm: Farm, knowledge: Knowledge, seed: number): number {
  const graph = buildGraph({ shape: farm.shape, builds, seed });
  const mixed = [0.5, 1, 1, 2];
  const speeds = Array.from({ length: farm.workers }, (_, i) => (farm.mixed ? mixed[i % 4]! : 1));
  const ran = simulate({
    policy: defaultPolicy,
    speeds,
    specifications: [{ specification: 1 as SpecificationId, share: 100, maxRunning: null }],
    builds: simulated(graph, estimates(graph, knowledge, seed)),
    until: Infinity,
  });
  if (ran.length !== builds) throw new Error(`${ran.length} of ${builds} builds ran`);
  const end = ran.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0);
  return end / lowerBound(graph, speeds);
}

function simulated(graph: BuildGraph, estimate: readonly (number | null)[]) {
  return graph.inputs.map((inputs, i) => ({
    build: i + 1,
    inputs: inputs.map((input) => input + 1),
    duration: graph.durations[i]!,
    estimate: estimate[i]!,
    specification: 1,
    arrivesAt: 0,
  }));
}

function estimates(graph: BuildGraph, knowledge: Knowledge, seed: number): (number | null)[] {
  const chance = new SeededChance(seed + 1000);
  return Array.from(graph.durations, (duration) => {
    const noise = Math.exp(0.5 * chance.normal());
    const isUnknown = chance.next() < 0.3;
    if (knowledge === 'exact') return duration;
    return knowledge === 'unknown' && isUnknown ? null : duration * noise;
  });
}
