import { describe, expect, it } from '@jest/globals';
import { bytes as sizeText } from '#views/words.js';
import { bytesOf, expiryOf } from './units.js';

const now = new Date('2026-11-21T00:00:00Z');

describe('what is typed on a command line', () => {
  it('is a size in powers of 1024', () => {
    expect(bytesOf('500M')).toBe(500 * 1024 ** 2);
    expect(bytesOf('1.5GiB')).toBe(1.5 * 1024 ** 3);
    expect(bytesOf('12')).toBe(12);
    for (const wrong of ['', '0', 'M', '-1G', '2 G', '1X']) {
      expect(() => bytesOf(wrong)).toThrow(/size/);
    }
  });

  it('is a time from now on, or a date', () => {
    expect(expiryOf('36h', now)).toBe('2026-11-22T12:00:00.000Z');
    expect(expiryOf('90d', now)).toBe('2027-02-19T00:00:00.000Z');
    expect(expiryOf('2027-05-01', now)).toBe('2027-05-01T00:00:00.000Z');
    for (const wrong of ['', '0d', 'soon', '5', '2027-13-45']) {
      expect(() => expiryOf(wrong, now)).toThrow(/time/);
    }
  });
});

describe('what is printed', () => {
  it('has sizes as du -h has them', () => {
    expect(sizeText(0)).toBe('0 B');
    expect(sizeText(1536)).toBe('1.5 KiB');
    expect(sizeText(300 * 1024 ** 3)).toBe('300 GiB');
  });
});
