/**
 * Shares of 1:2:4 between three specifications on 64 workers, all backlogged for three hours, and a
 * specification of 50 builds that comes after one hour: how near the work done is to the shares,
 * and how much longer the late one takes than if it had the farm to itself.
 */
import type { SpecificationId } from '#domain/ids.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import { buildGraph } from './build-graphs.js';
import { spread } from './contest.js';
import { simulate, type Ran, type SimulatedBuild } from './farm-simulation.js';
import { SeededChance } from './seeded-chance.js';

export interface Fairness {
  readonly jain: number;
  readonly shareError: number;
  readonly slowdown: number;
}

const hour = 3_600_000;
const seeds = [1, 2, 3, 4, 5];
const shares = [1, 2, 4];
const late = 4;
const backlog = 4000;
const speeds = Array.from({ length: 64 }, () => 1);

/** Medians over the seeds. */
export function fairness(): Fairness {
  const all = seeds.map(fairnessOf);
  const median = (of: (one: Fairness) => number): number => spread(all.map(of)).median;
  return {
    jain: median((one) => one.jain),
    shareError: median((one) => one.shareError),
    slowdown: median((one) => one.slowdown),
  };
}

function fairnessOf(seed: number): Fairness {
  const backlogs = shares.flatMap((_, i) => backlogOf(i + 1, seed));
  const arriving = lateBuilds(seed);
  const ran = run([...backlogs, ...arriving], 8 * hour);
  const used = shares.map((share, i) => workOf(ran, i + 1) / share);
  const sum = used.reduce((a, b) => a + b, 0);
  const squares = used.reduce((a, b) => a + b * b, 0);
  const alone = endOf(run(arriving, Infinity)) - hour;
  return {
    jain: sum ** 2 / (used.length * squares),
    shareError: Math.max(...used.map((one) => Math.abs((one * used.length) / sum - 1))),
    slowdown: (endOf(ran) - hour) / alone,
  };
}

function run(builds: readonly SimulatedBuild[], until: number): Ran[] {
  return simulate({
    policy: defaultPolicy,
    speeds,
    specifications: [...shares, 1].map((share, i) => ({
      specification: (i + 1) as SpecificationId,
      share,
      maxRunning: null,
    })),
    builds,
    until,
  });
}

/** Builds that need nothing, so that each specification always has some that could run. */
function backlogOf(specification: number, seed: number): SimulatedBuild[] {
  const { durations } = buildGraph({
    shape: 'wide',
    builds: backlog,
    seed: seed * 10 + specification,
  });
  const chance = new SeededChance(seed * 100 + specification);
  return Array.from(durations, (duration, i) => ({
    build: specification * 100_000 + i,
    inputs: [],
    duration,
    estimate: duration * Math.exp(0.5 * chance.normal()),
    specification,
    arrivesAt: 0,
  }));
}

function lateBuilds(seed: number): SimulatedBuild[] {
  const first = late * 100_000;
  const { durations, inputs } = buildGraph({ shape: 'package', builds: 50, seed: seed + 50 });
  return Array.from(durations, (duration, i) => ({
    build: first + i,
    inputs: inputs[i]!.map((input) => first + input),
    duration,
    estimate: duration,
    specification: late,
    arrivesAt: hour,
  }));
}

/** Work done for a specification in the first three hours. */
function workOf(ran: readonly Ran[], specification: number): number {
  return ran
    .filter(({ build }) => build.specification === specification)
    .reduce((sum, one) => sum + Math.max(0, Math.min(one.endedAt, 3 * hour) - one.startedAt), 0);
}

function endOf(ran: readonly Ran[]): number {
  const mine = ran.filter(({ build }) => build.specification === late);
  if (mine.length !== 50) return Infinity;
  return Math.max(...mine.map(({ endedAt }) => endedAt));
}
