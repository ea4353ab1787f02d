import { describe, expect, it } from '@jest/globals';
import { fileNameOf, followLink, partsOf, patternFault } from './build-product.js';

const root = '/gnu/store/00000000000000000000000000000000-image-1.0';

describe('a link on the way to a build product', () => {
  it.each([
    ['latest', 1, 'image.iso → image.iso'],
    ['a/latest/x', 2, '../b/./c → b/c/x'],
    ['a/latest', 2, `${root}/b//c → b/c`],
    ['latest/x', 1, `${root} → x`],
    ['', 0, `${root} → `],
  ])('of %j, whose part %i is one: %s', (wanted, consumed, goes) => {
    const [target = '', led = ''] = goes.split(' → ');
    expect(followLink(partsOf(wanted), consumed, { target, root })).toEqual(partsOf(led));
  });

  it.each([
    [['latest'], 1, '../elsewhere'],
    [['a', 'latest'], 2, '../../etc/passwd'],
    [['latest'], 1, '/etc/passwd'],
    [['latest'], 1, `${root}-other/x`],
    [['latest'], 1, `${root}/../x`],
    [[], 0, 'x'],
  ])('%j, whose part %i leads to %s, leads out', (wanted, consumed, target) => {
    expect(followLink(wanted, consumed, { target, root })).toBeNull();
  });
});

describe('the pattern of job names', () => {
  it.each(['^image\\.iso$', 'hello', '(usb|iso9660)-image\\.[a-z0-9_-]+', 'a{2,3}', '\\d+'])(
    '%s can be used',
    (pattern) => {
      expect(patternFault(pattern)).toBeNull();
    },
  );

  it.each(['', '(', '(a)\\1', '(?=a)', '\\p{L}', '\\y', 'a{1', '*', 'x'.repeat(257), 'a\0'])(
    '%j cannot',
    (pattern) => {
      expect(patternFault(pattern)).toMatch(/^a regular expression/);
    },
  );
});

describe('the name of a build product', () => {
  it('is that of the file, or of the output without its hash', () => {
    expect(fileNameOf('share/manual.pdf', 'x')).toBe('manual.pdf');
    expect(fileNameOf('', '00000000000000000000000000000000-image-1.0.iso')).toBe('image-1.0.iso');
    expect(partsOf('./a//b/.')).toEqual(['a', 'b']);
  });
});
