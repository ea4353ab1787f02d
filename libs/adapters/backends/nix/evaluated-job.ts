/** One job as the walk tells it, checked field by field: a channel may put anything there. */
import type { EvaluatedJob } from '#application/ports/backend.js';
import { err, ok, type Result } from '#std/result.js';
import type { WishedLimits } from '#domain/build/limits.js';

/** Reads a job; the error side is a sentence about what is wrong with it. */
export function jobOf(
  event: Readonly<Record<string, unknown>>,
  isStorePath: (path: string) => boolean,
): Result<EvaluatedJob, string> {
  const { job: name, system, derivation } = event;
  if (typeof name !== 'string' || typeof derivation !== 'string') return err('is no derivation');
  if (!derivation.endsWith('.drv') || !isStorePath(derivation)) {
    return err(`its drvPath is no path of a derivation: ${derivation.slice(0, 300)}`);
  }
  if (typeof system !== 'string' || !/^[\w.-]{1,100}$/.test(system)) {
    return err('its system is not the name of a system');
  }
  const meta = isRecord(event['meta']) ? told(event['meta']) : {};
  const outputs = new Map(
    Object.entries(isRecord(event['outputs']) ? event['outputs'] : {}).map(([output, path]) => [
      output,
      typeof path === 'string' && isStorePath(path) ? path : null,
    ]),
  );
  return ok({ kind: 'job', name, system, derivation, outputs, meta, limits: limitsOf(meta) });
}

/** `meta.timeout` and `meta.maxSilent`, in seconds, as Hydra reads them. */
function limitsOf(meta: Readonly<Record<string, unknown>>): WishedLimits {
  const timeoutSeconds = seconds(meta['timeout']);
  const maxSilentSeconds = seconds(meta['maxSilent']);
  return {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(maxSilentSeconds === undefined ? {} : { maxSilentSeconds }),
  };
}

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function told(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== null));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
