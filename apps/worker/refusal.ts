/** What this worker cannot build, whatever the farm thinks of it. Pure. */
import { canBuild } from '#domain/worker/worker-class.js';
import type { AttemptResult, BuildMessage } from '#protocol/worker.js';
import type { WorkerOptions } from './options.js';
import { failure } from './attempt/run-attempt.js';

/** The result that says why; null when it can be tried. */
export function refusalOf(
  build: Pick<BuildMessage, 'system' | 'backend'>,
  worker: Pick<WorkerOptions, 'systems' | 'features' | 'speed' | 'backends'>,
): AttemptResult | null {
  if (!canBuild(worker, { system: build.system, requiredFeatures: [] })) {
    const own = worker.systems.join(', ');
    return failure('unsupported-system', `this worker builds for ${own}, not for ${build.system}`);
  }
  if (!worker.backends.includes(build.backend)) {
    return failure('infrastructure', `this worker has no backend ${build.backend}`);
  }
  return null;
}
