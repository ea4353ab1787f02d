import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLogFrame, encodeLogFrame } from './log-frame.js';

describe('a log frame', () => {
  it('comes back as it was sent', () => {
    const frames = fc.record({
      attempt: fc.nat(),
      offset: fc.maxSafeNat(),
      bytes: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(frames, (frame) => {
        const read = decodeLogFrame(encodeLogFrame(frame));
        expect(read).toEqual({ ok: true, value: frame });
      }),
    );
  });

  it('is refused when it is cut or of another kind', () => {
    const whole = encodeLogFrame({ attempt: 1, offset: 0, bytes: new Uint8Array() });
    expect(decodeLogFrame(whole.subarray(0, 16)).ok).toBe(false);
    expect(decodeLogFrame(whole.with(0, 9)).ok).toBe(false);
  });

  it('is refused when its offset is beyond a safe integer', () => {
    const frame = encodeLogFrame({ attempt: 1, offset: 0, bytes: new Uint8Array(3) });
    expect(decodeLogFrame(frame.with(9, 0xff)).ok).toBe(false);
  });
});
