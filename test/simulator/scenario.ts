/** What a seed means: a graph, workers, processes, and how unkind the world is to them. */
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import type { SpecificationWish, WorkerWish } from '#testkit/farm-subject.js';
import { Chance } from './chance.js';

export interface Odds {
  /** Of a message between worker and gateway, or on the bus. */
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
  /** Of a call to the database: undone, or done and never answered. */
  readonly aborted: number;
  readonly unheard: number;
  /** Of an attempt: the builder fails by the farm's fault, or the worker lies about its end. */
  readonly farmFault: number;
  readonly lie: number;
  /** Seconds between blows: processes die, workers freeze, Redis is flushed. */
  readonly blowSeconds: number;
  /** Seconds between wishes of people. */
  readonly actSeconds: number;
}

/**
 * What its builder does, wherever and whenever it runs: the package's own failure, something that
 * no worker of ours can cope with, or the end of the worker.
 */
export type Nature = 'sound' | 'broken' | 'hopeless' | 'deadly';

export interface Recipe extends IngestDerivation {
  readonly nature: Nature;
}

export interface SpecificationPlan extends SpecificationWish {
  /** What its jobs point at. */
  readonly roots: readonly Recipe[];
}

export interface Scenario {
  readonly recipes: readonly Recipe[];
  /** Together they need every recipe. */
  readonly specifications: readonly SpecificationPlan[];
  /** Sizes of the batches in which they are ingested. */
  readonly batch: number;
  readonly workers: readonly WorkerWish[];
  readonly gateways: number;
  readonly coordinators: number;
  /** Both coordinators think that they lead. */
  readonly splitLead: boolean;
  /** It moves whenever somebody's wish is carried out. */
  readonly restlessLead: boolean;
  /** Seconds for which the world is unkind. */
  readonly faultSeconds: number;
  readonly odds: Odds;
}

const amd = 'x86_64-linux';
const arm = 'aarch64-linux';

export function scenarioOf(seed: number): Scenario {
  const chance = new Chance(`scenario ${seed}`);
  const recipes = recipesOf(chance.fork('recipes'));
  return {
    recipes,
    specifications: specificationsOf(chance.fork('specifications'), recipes),
    batch: chance.whole(3, 12),
    workers: workersOf(chance.fork('workers')),
    gateways: chance.whole(1, 3),
    coordinators: chance.whole(1, 2),
    splitLead: chance.odds(0.3),
    restlessLead: chance.fork('lead').odds(0.4),
    faultSeconds: chance.whole(60, 300),
    odds: oddsOf(chance.fork('odds')),
  };
}

/** One world in ten is kind. */
function oddsOf(chance: Chance): Odds {
  const scale = chance.odds(0.1) ? 0 : chance.unit();
  const upTo = (most: number): number => scale * chance.unit() * most;
  return {
    lost: upTo(0.15),
    doubled: upTo(0.2),
    late: upTo(0.2),
    aborted: upTo(0.1),
    unheard: upTo(0.1),
    farmFault: upTo(0.2),
    lie: upTo(0.5),
    blowSeconds: scale === 0 ? Infinity : chance.between(5, 60),
    actSeconds: chance.between(5, 60),
  };
}

/** What nothing else needs is a job of somebody; anything may be one. */
function specificationsOf(chance: Chance, recipes: readonly Recipe[]): SpecificationPlan[] {
  const count = chance.whole(1, 3);
  const needed = new Set(recipes.flatMap((recipe) => recipe.inputs));
  const roots = Array.from({ length: count }, () => new Set<Recipe>());
  for (const recipe of recipes) {
    if (!needed.has(recipe.path)) chance.pick(roots).add(recipe);
    for (const some of roots) if (chance.odds(0.25)) some.add(recipe);
  }
  return roots.map((some) => ({
    roots: some.size > 0 ? [...some] : [recipes[0]!],
    share: chance.pick([50, 100, 200]),
    maxRunning: chance.odds(0.4) ? chance.whole(1, 3) : null,
    superseded: chance.odds(0.5) ? 'cancel' : 'keep',
  }));
}

/** In the order of the recipes, in which inputs come first. */
export function closureOf(recipes: readonly Recipe[], roots: readonly Recipe[]): Recipe[] {
  const needed = new Set(roots.map((root) => root.path));
  for (const { path, inputs } of recipes.toReversed()) {
    if (needed.has(path)) for (const input of inputs) needed.add(input);
  }
  return recipes.filter((recipe) => needed.has(recipe.path));
}

function recipesOf(chance: Chance): Recipe[] {
  const count = chance.whole(4, 24);
  const recipes: Recipe[] = [];
  const brokenOdds = chance.odds(0.3) ? 0 : 0.12;
  for (let number = 1; number <= count; number += 1) {
    const hash = String(number).padStart(32, '0');
    const inputs = new Set<string>();
    const wanted = Math.min(number - 1, chance.pick([0, 1, 1, 2, 3]));
    for (let at = 0; at < wanted; at += 1) inputs.add(chance.pick(recipes).path);
    const names = chance.odds(0.4) ? ['dev', 'out'] : ['out'];
    recipes.push({
      path: `${hash}-p${number}.drv`,
      name: `p${number}`,
      packageName: `p${chance.odds(0.3) ? chance.whole(1, number) : number}`,
      system: chance.odds(0.2) ? arm : amd,
      requiredFeatures: chance.odds(0.1) ? ['kvm'] : [],
      fixedOutput: false,
      outputs: names.map((name, at) => ({ name, path: outputPath(number, at, name) })),
      inputs: [...inputs],
      nature: natureOf(chance, brokenOdds),
    });
  }
  return recipes;
}

function natureOf(chance: Chance, brokenOdds: number): Nature {
  if (chance.odds(brokenOdds)) return 'broken';
  if (chance.odds(0.02)) return 'hopeless';
  return chance.odds(0.01) ? 'deadly' : 'sound';
}

function outputPath(number: number, at: number, name: string): string {
  return `${String(number * 10 + at + 1).padStart(32, 'a')}-p${number}-${name}`;
}

/** The first builds everything, so that every wait can end. */
function workersOf(chance: Chance): WorkerWish[] {
  const all = { name: 'w1', systems: [amd, arm], features: ['kvm'], speed: 1 };
  const workers: WorkerWish[] = [{ ...all, slots: chance.whole(1, 3) }];
  const count = chance.whole(1, 5);
  for (let number = 2; number <= count; number += 1) {
    workers.push({
      name: `w${number}`,
      systems: [chance.odds(0.3) ? arm : amd],
      features: chance.odds(0.5) ? ['kvm'] : [],
      speed: chance.pick([1, 1, 2]),
      slots: chance.whole(1, 3),
    });
  }
  return workers;
}
