import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adminPathOf } from './admin-path.js';

describe('an address below /admin', () => {
  it.each(['/admin', '/admin/', '/admin?x=/..', '/admin/specifications/guix', '/admin/a%20b/é'])(
    'is one when it is spelt as it stands: %s',
    (target) => {
      expect(adminPathOf(target)).toBe(target.includes('é') ? 'ambiguous' : 'admin');
    },
  );

  it.each([
    ...['/ADMIN', '/Admin/x', '//admin', '///admin/x', '/%61dmin', '/%2561dmin', '/admin%2Fx'],
    ...['/x/../admin', '/x/..%2fadmin', '/x/%2e%2e/admin', '/./admin', '/.//admin', '/admin;x'],
    ...['/admin;x/y', '/admin#x', '/admin/../admin', '/admin//x', '/admin/./x', '/admin/%2e%2e/x'],
    ...['/admin/a%2Fb', '/admin/a%5Cb', '\\admin', '/\\admin', '/admin\\x', '/admin.', '/%20admin'],
    ...['/admin%00', '/admin/x%00', '/admin%20', '/admin%3Bx', '/%41DMIN', 'http://a/admin'],
    ...['http://a//ADMIN', 'HTTP://a\\admin', '/admin/%61', '/admin/a;b', '/admin/a%3Fb'],
    ...['%2Fadmin', 'admin', '/%2fadmin', '/x/..;/admin', '/admin%23', '/aDmIn?x'],
  ])('is refused when somebody could read it otherwise: %s', (target) => {
    expect(adminPathOf(target)).toBe('ambiguous');
  });

  it.each(['/', '*', '/administer', '/jobset/admin', '/builds/1', '/?admin', '/x/admin', '/%zz'])(
    'is not meant by %s',
    (target) => {
      expect(adminPathOf(target)).toBe('elsewhere');
    },
  );

  it('is never missed, whatever is done to its letters and slashes', () => {
    const letter = (one: string) => {
      const hex = one.charCodeAt(0).toString(16);
      return fc.constantFrom(
        one,
        one.toUpperCase(),
        `%${hex}`,
        `%25${hex}`,
        `%${hex.toUpperCase()}`,
      );
    };
    const word = fc.tuple(...[...'admin'].map(letter)).map((letters) => letters.join(''));
    const before = fc.constantFrom(
      '/',
      '//',
      '/./',
      '/x/../',
      '/%2f',
      '/.%2f',
      '\\',
      '/%5c',
      '/;/',
    );
    const after = fc.constantFrom('', '/', '/x', ';y', '%2Fx', '#z', '?q', '//x', '%00');
    fc.assert(
      fc.property(before, word, after, (start, name, end) => {
        const target = start + name + end;
        const plain = /^\/admin(\/|\/x|\?q)?$/.test(target);
        expect(adminPathOf(target)).toBe(plain ? 'admin' : 'ambiguous');
      }),
    );
  });
});
