import { describe, expect, it } from '@jest/globals';
import { negotiate, offeredVersions } from './negotiate.js';

describe('the version of a conversation', () => {
  it('is the highest that both speak', () => {
    expect(negotiate([1, 2], [2, 1])).toMatchObject({ ok: true, value: 2 });
    expect(negotiate([1], [2, 1])).toMatchObject({ ok: true, value: 1 });
    expect(negotiate([3, 2, 9], [2, 1])).toMatchObject({ ok: true, value: 2 });
  });

  it('is refused with the side that must be upgraded', () => {
    expect(negotiate([1], [3, 2])).toEqual({
      ok: false,
      error: {
        code: 'protocol-too-old',
        message:
          'This farm speaks versions 2, 3 of the worker protocol, ' +
          'the worker agent speaks version 1: upgrade the worker agent.',
      },
    });
    expect(negotiate([4, 5], [3, 2])).toMatchObject({ error: { code: 'protocol-too-new' } });
  });

  it('is read even from a hello whose other fields are of another age', () => {
    expect(offeredVersions({ type: 'hello', protocol: [7], machines: {} })).toEqual([7]);
    expect(offeredVersions({ type: 'hello', protocol: [] })).toBeNull();
    expect(offeredVersions({ type: 'heartbeat', protocol: [7] })).toBeNull();
    expect(offeredVersions(null)).toBeNull();
  });
});
