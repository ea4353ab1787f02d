import { describe, expect, it } from '@jest/globals';
import { dispositionOf, typeOf } from './disposition.js';

describe('a file that is handed to a browser', () => {
  it('has its own name', () => {
    expect(dispositionOf('guix-1.4.0.iso')).toBe('attachment; filename="guix-1.4.0.iso"');
  });

  it('cannot say more than its name', () => {
    expect(dispositionOf('a"; filename="b.html\r\nX: y')).toBe(
      `attachment; filename="a__ filename__b.html__X_ y"; ` +
        `filename*=UTF-8''a%22%3B%20filename%3D%22b.html%0D%0AX%3A%20y`,
    );
    expect(dispositionOf("ünü'(*).txt")).toBe(
      `attachment; filename="_n_____.txt"; filename*=UTF-8''%C3%BCn%C3%BC%27%28%2A%29.txt`,
    );
  });

  it('is of no type that a browser runs', () => {
    for (const name of [
      'index.html',
      'a.svg',
      'a.js',
      'a.xhtml',
      'a.xml',
      'constructor',
      'x.__proto__',
    ])
      expect(typeOf(name)).toBe('application/octet-stream');
    expect(typeOf('IMAGE.ISO')).toBe('application/x-iso9660-image');
  });
});
