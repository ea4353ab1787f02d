/**
 * A worker class is the workers of equal systems, features and speed: what one of them can build,
 * each of them can. Every class has one ticket queue, named by the class.
 */
export interface WorkerClass {
  readonly systems: readonly string[];
  readonly features: readonly string[];
  readonly speed: number;
}

/**
 * The name of a class: systems joined by `+`, features after `~`, speed after `@`. Two workers are
 * of one class exactly when the names are equal. Only characters that are safe in a Redis key.
 */
export function workerClassName(worker: WorkerClass): string {
  const systems = [...new Set(worker.systems)].sort().join('+');
  const features = [...new Set(worker.features)].sort().join('+');
  return `${systems}~${features}@${worker.speed}`;
}

export interface BuildDemand {
  readonly system: string;
  readonly requiredFeatures: readonly string[];
}

/** `builtin` derivations (Nix's own fetchers) run on any worker. */
export function canBuild(worker: WorkerClass, demand: BuildDemand): boolean {
  const systemFits = demand.system === 'builtin' || worker.systems.includes(demand.system);
  return systemFits && demand.requiredFeatures.every((f) => worker.features.includes(f));
}
