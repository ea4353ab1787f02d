import { describe, expect, it } from '@jest/globals';
import { faultOf, type FailureReason } from '#domain/build/reason.js';
import { classify } from './build-end.js';

function reason(code: number | null, errors: string, endedFor: string | null = null): string {
  const signal = code === null ? 'SIGKILL' : null;
  return classify({ code, signal, endedFor, errors })?.reason ?? 'succeeded';
}

describe('the end of nix-store', () => {
  it.each<[string, number, string, FailureReason]>([
    [
      'a builder that fails',
      100,
      "error: builder for 'x.drv' failed with exit code 3",
      'builder-failed',
    ],
    ['silence', 101, "error: building of 'x.drv!*' timed out after 2 seconds of silence", 'silent'],
    ['a time-out', 101, "error: building of 'x.drv!*' timed out after 3 seconds", 'timed-out'],
    ['a bad hash', 102, 'error: hash mismatch in fixed-output derivation', 'hash-mismatch'],
    ['other bytes', 104, "error: derivation 'x.drv' may not be deterministic", 'nondeterministic'],
    ['no output', 1, "error: builder for 'x.drv' failed to produce output path", 'output-missing'],
    ['a cycle', 1, "error: cycle detected in build of 'x.drv'", 'output-cycle'],
    [
      'another system',
      1,
      "error: a 'a' with features {} is required to build 'x.drv', but I am a 'b'",
      'unsupported-system',
    ],
    ['a full disk', 1, 'error: writing to file: No space left on device', 'no-space'],
    [
      'a builder on a full disk',
      100,
      "error: builder for 'x.drv' failed;\n note: … caused by lack of free disk space",
      'no-space',
    ],
    [
      'a builder that the kernel killed',
      100,
      "error: builder for 'x.drv' failed due to signal 9 (Killed)",
      'infrastructure',
    ],
    [
      'an input that was to be built',
      100,
      "error: 1 dependencies of derivation 'x' failed to build",
      'input-missing',
    ],
    ['words never heard', 1, 'error: something else', 'infrastructure'],
    ['a status never seen', 77, '', 'infrastructure'],
  ])('of %s has its reason', (...[, code, errors, expected]) => {
    expect(reason(code, errors)).toBe(expected);
  });

  it('is the fault of the farm when nix itself was killed', () => {
    const end = reason(null, '') as FailureReason;
    expect([end, faultOf(end)]).toEqual(['infrastructure', 'farm']);
  });

  it('is told by why we ended it, whatever nix said', () => {
    expect(reason(1, 'error: interrupted by the user', 'log-limit')).toBe('log-limit');
    expect(reason(null, '', 'time')).toBe('timed-out');
    expect(reason(null, '', 'silence')).toBe('silent');
  });

  it('keeps the status of the builder, or its signal as shells say it', () => {
    const exit = (errors: string): number | undefined =>
      classify({ code: 100, signal: null, endedFor: null, errors })?.exitCode;
    expect(exit("error: builder for 'x.drv' failed with exit code 3")).toBe(3);
    expect(exit("error: builder for 'x.drv' failed due to signal 11 (Segmentation fault)")).toBe(
      139,
    );
    expect(exit('error: other')).toBeUndefined();
  });

  it('is a success with status 0', () => {
    expect(reason(0, '')).toBe('succeeded');
  });
});
