/** Where people look at what they are told of: addresses that never change, as Cuirass has them. */
import type { BuildId, EvaluationId } from '../ids.js';

export interface Pages {
  build(build: BuildId): string;
  evaluation(evaluation: EvaluationId): string;
  specification(name: string): string;
}

/** `publicUrl` ends without a slash. */
export function pagesAt(publicUrl: string): Pages {
  return {
    build: (build) => `${publicUrl}/build/${build}/details`,
    evaluation: (evaluation) => `${publicUrl}/eval/${evaluation}`,
    specification: (name) => `${publicUrl}/jobset/${name}`,
  };
}
