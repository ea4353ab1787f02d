/**
 * What our programs under Guix tell, a JSON object on each line, checked field by field: foreign
 * code runs beside them and may print anything there. Pure.
 */
import type { EvaluatedJob } from '#application/ports/backend.js';
import { parseStorePath } from '#formats/store-path.js';
import { guixStoreDir } from '../build/guix-place.js';

export type GuixEvent =
  | EvaluatedJob
  | { readonly kind: 'job-error'; readonly name: string; readonly message: string }
  /** It cannot go on; `connection`: since the daemon does not answer. */
  | { readonly kind: 'failed'; readonly words: string; readonly connection: boolean }
  /** How many derivations were made, and how large the heap is, in bytes. */
  | { readonly kind: 'progress'; readonly made: number; readonly heap: number }
  | { readonly kind: 'profile'; readonly path: string }
  /** All is told. */
  | { readonly kind: 'done' };

const longestWords = 4000;

/** A line that is none of ours is told as the fault of a job. */
export function readGuixEvent(json: string): GuixEvent {
  const said = parseObject(json);
  if (said === null) return jobError('?', 'the evaluator said something that is no JSON');
  const { job, error, failed, progress, profile, words } = said;
  if (typeof job === 'string') return jobOf(job, said);
  if (typeof error === 'string') return jobError(error, wordsOf(words));
  if (failed !== undefined) {
    return { kind: 'failed', words: wordsOf(failed), connection: said['connection'] === true };
  }
  if (progress !== undefined) {
    return { kind: 'progress', made: countOf(progress), heap: countOf(said['heap']) };
  }
  if (isStorePath(profile)) return { kind: 'profile', path: profile };
  return 'done' in said ? { kind: 'done' } : jobError('?', 'the evaluator said what nobody knows');
}

function jobOf(name: string, said: Readonly<Record<string, unknown>>): GuixEvent {
  const { derivation, system, timeout } = said;
  const fault = (words: string): GuixEvent => jobError(name, words);
  // eslint-disable-next-line no-control-regex
  if (name === '' || /[\0-\x1f\x7f]/.test(name)) return jobError('?', 'a job has no usable name');
  if (!isStorePath(derivation) || !derivation.endsWith('.drv')) {
    return fault('its derivation is not the path of a derivation');
  }
  if (typeof system !== 'string' || !/^[\w.-]{1,100}$/.test(system)) {
    return fault('its system is not the name of a system');
  }
  const limits = {
    ...secondsOf('timeoutSeconds', timeout),
    ...secondsOf('maxSilentSeconds', said['max-silent-time']),
  };
  const outputs = new Map(
    Object.entries(isRecord(said['outputs']) ? said['outputs'] : {}).map(([output, path]) => [
      output,
      isStorePath(path) ? path : null,
    ]),
  );
  return { kind: 'job', name, system, derivation, outputs, meta: {}, limits };
}

function jobError(name: string, message: string): GuixEvent {
  return { kind: 'job-error', name, message };
}

function secondsOf(limit: string, value: unknown): Record<string, number> {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
    ? { [limit]: value }
    : {};
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

/** Without the name under which the sandbox shows checkouts, and without colours. */
function wordsOf(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const plain = withoutColours(text).replaceAll('/checkouts/', '').trim();
  return errorIn(plain) || 'Guix did not say why';
}

// eslint-disable-next-line no-control-regex
const colours = /\x1b\[[0-9;]*[mK]/g;

export function withoutColours(text: string): string {
  return text.replace(colours, '');
}

/** What Guix says of an error: from its first line of one on; the last lines when there is none. */
export function errorIn(said: string): string {
  const lines = said.split('\n');
  const first = lines.findIndex((line) => /^error: |: error: /.test(line));
  const telling = first === -1 ? lines.slice(-12) : lines.slice(first);
  return telling.join('\n').slice(0, longestWords);
}

function isStorePath(value: unknown): value is string {
  return typeof value === 'string' && parseStorePath(guixStoreDir, value).ok;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
