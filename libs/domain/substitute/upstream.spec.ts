import { describe, expect, it } from '@jest/globals';
import { graceSeconds, judgeUnconfirmed, wholeAmong } from './upstream.js';

const references: Record<string, string[]> = {
  app: ['library', 'app'],
  library: ['libc'],
  libc: [],
  broken: ['libc', 'gone'],
  above: ['broken', 'app'],
};

function whole(...paths: string[]): string[] {
  return [...wholeAmong(paths, (path) => references[path])].sort();
}

describe('a closure', () => {
  it('is whole when all that it refers to is there', () => {
    expect(whole('app')).toEqual(['app', 'libc', 'library']);
  });

  it('is not whole when anything below is missing', () => {
    expect(whole('above')).toEqual(['app', 'libc', 'library']);
    expect(whole('gone')).toEqual([]);
  });
});

describe('a presence that is not confirmed', () => {
  it('is over when the upstream says so, and believed for a while when it only fails', () => {
    expect(judgeUnconfirmed('miss', 0)).toBe('gone');
    expect(judgeUnconfirmed('unanswered', graceSeconds)).toBe('believed');
    expect(judgeUnconfirmed('unanswered', graceSeconds + 1)).toBe('gone');
  });
});
