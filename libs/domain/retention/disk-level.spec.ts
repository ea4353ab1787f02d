import { describe, expect, it } from '@jest/globals';
import { diskLevel, worstLevel } from './disk-level.js';

const bounds = { softBytes: 1600, hardBytes: 320 };

describe('a disk', () => {
  it('is short below its bounds', () => {
    expect(diskLevel('roomy', 1600, bounds)).toBe('roomy');
    expect(diskLevel('roomy', 1599, bounds)).toBe('soft');
    expect(diskLevel('roomy', 319, bounds)).toBe('hard');
  });

  it('is roomy again only a little above where it became short', () => {
    expect(diskLevel('hard', 339, bounds)).toBe('hard');
    expect(diskLevel('hard', 340, bounds)).toBe('soft');
    expect(diskLevel('soft', 1699, bounds)).toBe('soft');
    expect(diskLevel('hard', 1700, bounds)).toBe('roomy');
  });

  it('is never short without bounds', () => {
    expect(diskLevel('hard', 0, { softBytes: 0, hardBytes: 0 })).toBe('roomy');
  });

  it('counts as the shortest of several', () => {
    expect(worstLevel([])).toBe('roomy');
    expect(worstLevel(['roomy', 'soft'])).toBe('soft');
    expect(worstLevel(['soft', 'hard', 'roomy'])).toBe('hard');
  });
});
