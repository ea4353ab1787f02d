import { describe, expect, it } from '@jest/globals';
import { storyOf } from './result-story.js';

const here = { evaluation: 9, build: 90 };
const broke = { evaluation: 5, build: 50, succeeded: false };
const mended = { evaluation: 5, build: 50, succeeded: true };
const before = { evaluation: 4, build: 40 };
const own = { evaluation: 5, build: 50 };

describe('the story of a build', () => {
  it('that fails tells the first failure, and the last success before it', () => {
    const story = storyOf({ ...here, succeeded: false }, { ...broke, before }, null);
    expect(story).toMatchObject({ firstFailure: own, lastSuccess: before, lastFailure: null });
  });

  it('that never succeeded tells since when it was tried', () => {
    const first = { evaluation: 2, succeeded: false };
    const story = storyOf({ ...here, succeeded: false }, null, first);
    expect(story).toMatchObject({ firstFailure: { evaluation: 2 }, lastSuccess: null });
  });

  it('whose failure is the newest, not told yet, has the mended one for its last success', () => {
    const story = storyOf({ ...here, succeeded: false }, { ...mended, before }, null);
    expect(story).toMatchObject({ firstFailure: here, lastSuccess: own });
  });

  it('that succeeds tells since when, and the last failure before', () => {
    const story = storyOf({ ...here, succeeded: true }, { ...mended, before }, null);
    expect(story).toMatchObject({ firstSuccess: own, lastFailure: before, lastSuccess: here });
    expect(story.firstFailure).toBeNull();
  });

  it('that has no result yet tells what the job was last', () => {
    const waits = { ...here, succeeded: null };
    expect(storyOf(waits, { ...broke, before }, null)).toMatchObject({
      firstFailure: own,
      lastSuccess: before,
    });
    expect(storyOf(waits, { ...mended, before }, null)).toMatchObject({
      lastSuccess: own,
      lastFailure: before,
      firstFailure: null,
    });
  });

  it('of a job without a past is empty, but for itself', () => {
    const empty = { lastSuccess: null, firstSuccess: null, lastFailure: null, firstFailure: null };
    expect(storyOf({ ...here, succeeded: null }, null, null)).toEqual(empty);
    expect(storyOf({ ...here, succeeded: true }, null, null).firstSuccess).toEqual(here);
  });
});
