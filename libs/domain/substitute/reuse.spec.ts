import { describe, expect, it } from '@jest/globals';
import { judgeReuse, type BuiltElsewhere } from './reuse.js';

const same = { path: 'input', used: 'sha256:a', trusted: 'sha256:a' };
const built: BuiltElsewhere = {
  ...{ path: 'out', origin: 'built', byWorker: true, sandboxed: true },
  inputs: [same],
};

describe('what was built for an untrusted request', () => {
  it('is taken over when our worker built it, closed in, from trusted inputs', () => {
    expect(judgeReuse(built).ok).toBe(true);
    expect(judgeReuse({ ...built, inputs: [] }).ok).toBe(true);
  });

  it('is not taken over from whoever pushed or fetched it', () => {
    for (const other of [
      { ...built, origin: 'pushed' as const },
      { ...built, origin: 'mirrored' as const },
      { ...built, byWorker: false },
    ]) {
      expect(judgeReuse(other)).toMatchObject({ error: { kind: 'not-built-here' } });
    }
  });

  it('is not taken over from a builder that could look around', () => {
    const open = { ...built, sandboxed: false };
    expect(judgeReuse(open)).toMatchObject({ error: { kind: 'not-sandboxed' } });
  });

  it('is not taken over when an input had other bytes, or none that are trusted', () => {
    for (const doubtful of [
      { ...same, trusted: 'sha256:b' },
      { ...same, trusted: null },
      { ...same, used: null },
      { ...same, used: null, trusted: null },
    ]) {
      const judged = judgeReuse({ ...built, inputs: [same, { ...doubtful, path: 'bad' }] });
      expect(judged).toMatchObject({ error: { kind: 'input-not-trusted', path: 'bad' } });
    }
    const unknown = judgeReuse({ ...built, inputs: null });
    expect(unknown).toMatchObject({ error: { kind: 'inputs-unknown' } });
  });
});
