import { describe, expect, it } from '@jest/globals';
import { shownColour } from './log-colours.js';

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

/** The grounds of the log and of marked lines, and letters without a colour of their own. */
const page = {
  light: { grounds: ['#f4f2ec', '#fff3c4', '#fbe3e0'], ink: '#1d1f23' },
  dark: { grounds: ['#101214', '#3b3410', '#43201d'], ink: '#e6e4df' },
} as const;

describe('the colours of a terminal', () => {
  it.each(['light', 'dark'] as const)('can be read, any on any, in the %s theme', (theme) => {
    const colours = Array.from({ length: 256 }, (_, number) => shownColour(number));
    const grounds = [...page[theme].grounds, ...colours.map(({ ground }) => ground[theme])];
    const letters = [page[theme].ink, ...colours.map(({ letter }) => letter[theme])];
    const weak = letters.flatMap((letter) =>
      grounds.filter((ground) => contrast(letter, ground) < 4.5).map((ground) => [letter, ground]),
    );
    expect(weak).toEqual([]);
  });

  it('stay as different as that allows', () => {
    const letters = Array.from({ length: 16 }, (_, number) => shownColour(number).letter.dark);
    expect(new Set(letters).size).toBeGreaterThanOrEqual(12);
  });
});
