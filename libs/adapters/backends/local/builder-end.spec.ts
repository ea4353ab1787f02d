import { describe, expect, it } from '@jest/globals';
import { endSentence, reasonOfEnd } from './builder-end.js';

const roomy = { bavail: 1_000_000, bsize: 4096 };
const full = { bavail: 100, bsize: 4096 };
const ended = { code: 0, signal: null, stoppedFor: null, began: true };
const run = { limits: { timeoutSeconds: 5, maxSilentSeconds: 2 }, maxLogBytes: 10 };

describe('a builder’s end', () => {
  it('is the package’s fault when the builder itself failed', () => {
    expect(reasonOfEnd(ended, roomy)).toBeNull();
    expect(reasonOfEnd({ ...ended, code: 3 }, roomy)).toBe('builder-failed');
    expect(reasonOfEnd({ ...ended, stoppedFor: 'silent', code: null }, full)).toBe('silent');
  });

  it('is the farm’s fault when the disk is full or the sandbox failed', () => {
    expect(reasonOfEnd({ ...ended, code: 1 }, full)).toBe('no-space');
    expect(reasonOfEnd({ ...ended, code: 1, began: false }, roomy)).toBe('infrastructure');
    expect(reasonOfEnd({ ...ended, began: false }, roomy)).toBe('infrastructure');
  });

  it('is told in words', () => {
    expect(endSentence({ ...ended, code: 3 }, run)).toBe('the builder ended with exit code 3');
    expect(endSentence({ ...ended, stoppedFor: 'timed-out' }, run)).toBe('it ran longer than 5 s');
  });
});
