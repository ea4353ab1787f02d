/**
 * What the daemon's answer to "build this" means. Its status first (100: the builder failed, 101:
 * time or silence, 1: everything else, such as an output that is not there), then, where the status
 * is the same for all, its words. Pure.
 */
import type { FailureReason } from '#domain/build/reason.js';
import { exitCodeIn, type Failed } from '../../realise/end-words.js';
import type { ToldFailure } from './build-log.js';

export interface BuildEnd {
  /** Of the daemon's refusal. */
  readonly status: number;
  readonly message: string;
  /** What the daemon said besides. */
  readonly words: string;
  /** What the trace said of this very build. */
  readonly failure: ToldFailure | null;
  readonly derivation: string;
  readonly phase: string | null;
  /** Whether it was quiet for as long as it may be, as we saw it. */
  readonly quiet: boolean;
}

/** In the order in which they are looked for. */
const reasonsOfWords: readonly (readonly [RegExp, FailureReason])[] = [
  [/No space left on device|database or disk is full|lack of free disk space/, 'no-space'],
  // The daemon could not begin: all its users are taken, say.
  [/build users|while setting up the build environment/, 'infrastructure'],
  [/is required to build .* but I am a/, 'unsupported-system'],
  [/hash mismatch/, 'hash-mismatch'],
  [/failed to produce output path/, 'output-missing'],
  [/cycle detected/, 'output-cycle'],
  [/is not allowed to refer to/, 'builder-failed'],
  [/no substituter that can build it|is not valid$/m, 'input-missing'],
  [/failed due to signal 9\b/, 'infrastructure'],
  [/failed with exit code \d|failed due to signal \d/, 'builder-failed'],
  [/suspicious ownership or permission|has an unsupported type/, 'builder-failed'],
  [/may not be deterministic/, 'nondeterministic'],
];

export function classify(end: BuildEnd): Failed {
  const said = [end.failure?.text ?? '', end.words, end.message].join('\n');
  const reason = reasonOf(end, said);
  const exitCode = reason === 'builder-failed' ? exitCodeIn(said) : undefined;
  const message = messageOf(end);
  return { kind: 'failed', reason, message, ...(exitCode === undefined ? {} : { exitCode }) };
}

/** The failure is one that the daemon remembers from before, and did not see now. */
export function isCached(end: Pick<BuildEnd, 'failure' | 'words'>): boolean {
  return end.failure?.status === 'cached' || /failed previously \(cached\)/.test(end.words);
}

function reasonOf(end: BuildEnd, said: string): FailureReason {
  if (end.status === 101 || end.failure?.status === 'timeout') return reasonOfTime(end, said);
  const told = reasonsOfWords.find(([words]) => words.test(said))?.[1];
  if (told !== undefined) return told;
  // Its status of a builder that could not even be started.
  if (end.failure?.status === '0') return 'infrastructure';
  if (end.status === 100) return 'builder-failed';
  if (end.status !== 1) return 'infrastructure';
  if (end.failure !== null) return 'builder-failed';
  // Everything else that ends so has words of its own; this is what the daemon says of a builder
  // that ended well and left nothing.
  const bare = end.message === `build of \`${end.derivation}' failed` && end.words.trim() === '';
  return bare ? 'output-missing' : 'infrastructure';
}

function reasonOfTime({ quiet }: BuildEnd, said: string): FailureReason {
  if (/timed out after \d+ seconds of silence/.test(said)) return 'silent';
  if (/timed out after \d+ seconds/.test(said)) return 'timed-out';
  return quiet ? 'silent' : 'timed-out';
}

const longestMessage = 4000;

function messageOf({ failure, words, message, phase, status }: BuildEnd): string {
  const text = failure?.text.trim() ?? '';
  const lines = words
    .split('\n')
    .filter((line) => /^(error|builder for|building of|.*mismatch)/i.test(line));
  const told = text !== '' ? text : lines.join('\n').trim();
  const plain = told !== '' ? told : message.trim() || `guix-daemon ended with status ${status}.`;
  const where = phase === null ? '' : ` (in phase ${phase})`;
  return `${plain.slice(0, longestMessage)}${where}`;
}
