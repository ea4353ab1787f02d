import { describe, expect, it } from '@jest/globals';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { dashboardId, parseDashboardId } from './dashboard-id.js';

const packed = (text: string | Buffer): string => deflateRawSync(text).toString('base64url');

describe('the id of a dashboard', () => {
  it('holds whatever was chosen, in letters that an address may have', () => {
    const name = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(name, fc.array(fc.string()), (specification, names) => {
        const id = dashboardId({ specification, names });
        expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(parseDashboardId(id)).toEqual({ specification, names });
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a path', '../x'],
    ['no packed text', 'abc'],
    ['no JSON', packed('x')],
    ['no list', packed('{}')],
    ['an empty list', packed('[]')],
    ['a number', packed('["guix", 1]')],
    ['more than it may unfold to', packed(JSON.stringify(['x'.repeat(70_000)]))],
  ])('is none: %s', (_, id) => {
    expect(parseDashboardId(id)).toBeNull();
  });
});
