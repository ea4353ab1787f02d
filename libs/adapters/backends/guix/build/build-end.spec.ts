import { describe, expect, it } from '@jest/globals';
import { faultOf, type FailureReason } from '#domain/build/reason.js';
import { classify, isCached, type BuildEnd } from './build-end.js';
import { BuildLog } from './build-log.js';

const derivation = '/gnu/store/12s6fbp4b2nz88gk7rygfly2fv584vll-fail-1.drv';

/** The end of a build of which the daemon said these lines. */
function endOf(status: number, lines: readonly string[], quiet = false): BuildEnd {
  const log = new BuildLog(derivation);
  log.take(Buffer.from(lines.map((line) => `${line.replaceAll('DRV', derivation)}\n`).join('')));
  const { words, failure, phase } = log;
  const message = `build of \`${derivation}' failed`;
  return { status, message, words, failure, derivation, phase, quiet };
}

const exited = "builder for `DRV' failed with exit code 9";

describe('the end of a build by guix-daemon', () => {
  it.each<[string, number, readonly string[], FailureReason]>([
    ['a builder that fails', 100, [exited, `@ build-failed DRV - 1 ${exited}`], 'builder-failed'],
    ['a fetch that fails', 1, [exited, `@ build-failed DRV - 1 ${exited}`], 'builder-failed'],
    [
      'silence',
      101,
      ["building of `DRV' timed out after 2 seconds of silence", '@ build-failed DRV - timeout'],
      'silent',
    ],
    ['a time-out', 101, ["building of `DRV' timed out after 3 seconds"], 'timed-out'],
    ['a time-out without words', 101, [], 'timed-out'],
    [
      'no output',
      1,
      ["@ build-failed DRV - 1 builder for `DRV' failed to produce output path `/gnu/store/o'"],
      'output-missing',
    ],
    ['no output, without words', 1, [], 'output-missing'],
    [
      'a cycle',
      1,
      ['@ build-failed DRV - 1 cycle detected in the references of `x'],
      'output-cycle',
    ],
    [
      'a bad hash',
      1,
      [
        '@ hash-mismatch /gnu/store/o sha256 a b',
        '@ build-failed DRV - 1 hash mismatch for store item',
      ],
      'hash-mismatch',
    ],
    [
      'an output refused for reasons of its own',
      1,
      ['@ build-failed DRV - 1 odd'],
      'builder-failed',
    ],
    [
      'a full disk',
      1,
      ['note: build failure may have been caused by lack of free disk space', exited],
      'no-space',
    ],
    [
      'a builder that the kernel killed',
      100,
      ["@ build-failed DRV - 1 builder for `DRV' failed due to signal 9 (Killed)"],
      'infrastructure',
    ],
    [
      'want of a build user',
      100,
      ['@ build-failed DRV - 0 all build users are currently in use; consider creating more'],
      'infrastructure',
    ],
    ['a builder that could not be begun', 100, ['@ build-failed DRV - 0 odd'], 'infrastructure'],
    ['an input that is not there', 1, ["path `/gnu/store/i' is not valid"], 'input-missing'],
    ['words never heard', 1, ['something else'], 'infrastructure'],
    ['a status never seen', 77, [], 'infrastructure'],
  ])('of %s has its reason', (...[, status, lines, reason]) => {
    expect(classify(endOf(status, lines)).reason).toBe(reason);
  });

  it('by time is called silence when it was quiet, where the daemon does not say', () => {
    expect(classify(endOf(101, [], true)).reason).toBe('silent');
  });

  it('keeps the status of the builder, or its signal as shells say it', () => {
    expect(classify(endOf(100, [`@ build-failed DRV - 1 ${exited}`])).exitCode).toBe(9);
    const crashed = "@ build-failed DRV - 1 builder for `DRV' failed due to signal 11 (Segfault)";
    expect(classify(endOf(100, [crashed])).exitCode).toBe(139);
    expect(classify(endOf(1, [])).exitCode).toBeUndefined();
  });

  it('tells the phase in which it was', () => {
    const log = "starting phase `check'\n1 of 3 tests failed\n";
    const frame = `@ build-log 7 ${log.length}\n${log}@ build-failed DRV - 1 ${exited}`;
    const end = endOf(100, ['@ build-started DRV - x86_64-linux /log 7', frame]);
    expect(classify(end).message).toBe(
      `builder for \`${derivation}' failed with exit code 9 (in phase check)`,
    );
  });

  it('is one from before when the daemon remembers it', () => {
    expect(isCached(endOf(100, ['@ build-failed DRV - cached']))).toBe(true);
    expect(isCached(endOf(100, [`@ build-failed DRV - 1 ${exited}`]))).toBe(false);
  });

  it('is the fault of the farm when the daemon has only words that nobody knows', () => {
    expect(faultOf(classify(endOf(1, ['error: database is locked'])).reason)).toBe('farm');
  });
});
