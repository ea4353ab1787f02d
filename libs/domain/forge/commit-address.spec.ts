import { describe, expect, it } from '@jest/globals';
import { commitAddress, rangeAddress } from './commit-address.js';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);

describe('the address of commits', () => {
  it.each([
    [
      'https://github.com/NixOS/nixpkgs.git',
      `https://github.com/NixOS/nixpkgs/compare/${a}...${b}`,
    ],
    ['https://gitlab.example.org/g/s/p', `https://gitlab.example.org/g/s/p/-/compare/${a}...${b}`],
    ['https://codeberg.org/guix/guix.git/', `https://codeberg.org/guix/guix/compare/${a}...${b}`],
    [
      'https://git.savannah.gnu.org/git/guix.git',
      `https://git.savannah.gnu.org/cgit/guix.git/log/?qt=range&q=${a}..${b}`,
    ],
    ['https://git.sr.ht/~who/what', `https://git.sr.ht/~who/what/log/${b}`],
  ])('between two of %s is known', (url, wanted) => {
    expect(rangeAddress(url, a, b)).toBe(wanted);
    expect(commitAddress(url, a)).toContain(a);
  });

  it('says no credential that the address for git has', () => {
    const told = commitAddress('https://bob:s3cret@github.com/o/r.git', a);
    expect(told).toBe(`https://github.com/o/r/commit/${a}`);
  });

  it.each([
    'https://example.org/x.git',
    'file:///srv/github.com/x',
    'git@github.com:o/r.git',
    'https://github.com/o/../r',
    'https://github.com/o/"onclick=x',
    'javascript:alert(1)',
  ])('of %s is not guessed', (url) => {
    expect(commitAddress(url, a)).toBeNull();
  });

  it('is made of revisions alone', () => {
    expect(commitAddress('https://github.com/o/r', 'main/../x')).toBeNull();
    expect(rangeAddress('https://github.com/o/r', a, '')).toBeNull();
  });
});
