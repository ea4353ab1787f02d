/**
 * What the end of `nix-store --realise` means: the exit status first (100 and flags: 1 timed out,
 * 2 hash mismatch, 4 not deterministic), then, where the status is the same for all, Nix' words.
 * Pure.
 */
import type { FailureReason } from '#domain/build/reason.js';
import { endedByUs, exitCodeIn, type Failed } from '../realise/end-words.js';

export interface BuildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why we ended it ourselves. */
  readonly endedFor: string | null;
  /** Nix' errors, without colours. */
  readonly errors: string;
}

/** Words of errors that exit with status 1, in the order in which they are looked for. */
const wordsOfStatus1: readonly (readonly [RegExp, FailureReason])[] = [
  [/No space left on device|database or disk is full|lack of free disk space/, 'no-space'],
  [/failed to produce output path/, 'output-missing'],
  [/cycle detected in build of/, 'output-cycle'],
  [/is required to build .* but I am a/s, 'unsupported-system'],
  [/there is no substituter that can build it|don't know how to build/, 'input-missing'],
  [/is not allowed to refer to|illegal (path )?references?/, 'builder-failed'],
  [/suspicious ownership or permission|has an unsupported type/, 'builder-failed'],
  [/exceeds maximum|is not a valid output|larger than (its )?maximum/, 'builder-failed'],
  // A builder that prints lines which look like Nix' own messages brings Nix down.
  [/\[json\.exception/, 'builder-failed'],
];

const ourReasons: Readonly<Record<string, Parameters<typeof endedByUs>[0]>> = {
  time: 'timed-out',
  silence: 'silent',
  'log-limit': 'log-limit',
};

/** Null when the build succeeded. */
export function classify(end: BuildEnd): Failed | null {
  const ours = end.endedFor === null ? undefined : ourReasons[end.endedFor];
  if (ours !== undefined) return endedByUs(ours);
  if (end.code === 0) return null;
  const message = messageOf(end);
  if (end.code === null) return { kind: 'failed', reason: 'infrastructure', message };
  const reason = reasonOf(end.code, end.errors);
  const exitCode = exitCodeIn(end.errors);
  return { kind: 'failed', reason, message, ...(exitCode === undefined ? {} : { exitCode }) };
}

function reasonOf(code: number, errors: string): FailureReason {
  const spaceless = wordsOfStatus1[0]?.[0].test(errors) === true;
  if (code === 1) {
    return wordsOfStatus1.find(([words]) => words.test(errors))?.[1] ?? 'infrastructure';
  }
  if (code < 100 || code > 107) return 'infrastructure';
  if (spaceless) return 'no-space';
  if (isFlag(code, 4)) return 'nondeterministic';
  if (isFlag(code, 2)) return 'hash-mismatch';
  if (isFlag(code, 1)) return /of silence/.test(errors) ? 'silent' : 'timed-out';
  if (/dependencies of derivation .* failed to build/.test(errors)) return 'input-missing';
  return /failed due to signal 9\b/.test(errors) ? 'infrastructure' : 'builder-failed';
}

function isFlag(code: number, flag: number): boolean {
  return ((code - 100) & flag) !== 0;
}

const longestMessage = 4000;

function messageOf(end: BuildEnd): string {
  const errors = [...end.errors.matchAll(/^error: (.*(?:\n(?!error: ).*)*)/gm)].map((m) => m[1]);
  const words = errors.join('\n').trim() || end.errors.trim();
  const how = end.code === null ? `signal ${end.signal}` : `status ${end.code}`;
  return words === '' ? `nix-store ended with ${how}.` : words.slice(0, longestMessage);
}
