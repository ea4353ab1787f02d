/**
 * The finer reason beside a status. A reason belongs to exactly one side: `package` means that the
 * derivation broke (cached, never retried by itself), `farm` that we did (retried elsewhere, never
 * cached, never shown as the packager's fault).
 */
export const failureReasons = {
  'builder-failed': { fault: 'package', sentence: 'The builder ended with an error.' },
  'output-missing': { fault: 'package', sentence: 'The builder did not produce an output.' },
  'output-cycle': { fault: 'package', sentence: 'The outputs refer to one another in a cycle.' },
  'timed-out': { fault: 'package', sentence: 'The build ran longer than its limit.' },
  silent: { fault: 'package', sentence: 'The build printed nothing for longer than its limit.' },
  'log-limit': { fault: 'package', sentence: 'The build log grew past its limit.' },
  'hash-mismatch': { fault: 'package', sentence: 'A fixed output has another hash than declared.' },
  nondeterministic: { fault: 'package', sentence: 'Two builds of it gave different bytes.' },
  dependency: { fault: 'package', sentence: 'An input failed to build.' },
  'unsupported-system': { fault: 'farm', sentence: 'The worker cannot build for this system.' },
  'worker-lost': { fault: 'farm', sentence: 'The worker stopped answering.' },
  'handed-back': { fault: 'farm', sentence: 'The worker handed the build back.' },
  'no-space': { fault: 'farm', sentence: 'The worker ran out of disk space.' },
  'input-missing': { fault: 'farm', sentence: 'An input could not be fetched from the farm.' },
  'upload-failed': { fault: 'farm', sentence: 'An output could not be uploaded.' },
  quarantined: {
    fault: 'farm',
    sentence: 'Workers stopped answering whenever they built it; it waits for a person.',
  },
  infrastructure: { fault: 'farm', sentence: 'The farm failed, not the package.' },
} as const;

export type FailureReason = keyof typeof failureReasons;

export function faultOf(reason: FailureReason): 'package' | 'farm' {
  return failureReasons[reason].fault;
}

/** The limits that a reason speaks of may be larger another time. */
export function isOfTime(reason: string | null): boolean {
  return reason === 'timed-out' || reason === 'silent';
}

/** Why a build was not built, of those that nothing was wrong with. */
export const savedReasons = {
  substituted: 'An upstream has it: it was not built here.',
  'not-needed': 'All that would need it can be had without it.',
} as const;

export type SavedReason = keyof typeof savedReasons;
