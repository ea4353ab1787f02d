/** What is said of builds that we ended ourselves, and of how builders end. Shared; pure. */
import type { RealiseResult } from '#application/ports/backend.js';
import type { FailureReason } from '#domain/build/reason.js';

export type Failed = Extract<RealiseResult, { readonly kind: 'failed' }>;

const sentences: Partial<Record<FailureReason, string>> = {
  'timed-out': 'The build ran longer than its limit and was killed.',
  silent: 'The build printed nothing for longer than its limit and was killed.',
  'log-limit': 'The build printed more than its log may hold and was killed.',
};

/** Of a build that we ended. */
export function endedByUs(reason: 'timed-out' | 'silent' | 'log-limit'): Failed {
  return { kind: 'failed', reason, message: sentences[reason] ?? '' };
}

/**
 * The builder's own status in the daemons' words; 128 and the number of the signal that ended it,
 * as shells say it.
 */
export function exitCodeIn(words: string): number | undefined {
  const status = /failed with exit code (\d+)/.exec(words)?.[1];
  if (status !== undefined) return Number(status);
  const signal = /failed due to signal (\d+)/.exec(words)?.[1];
  return signal === undefined ? undefined : 128 + Number(signal);
}
