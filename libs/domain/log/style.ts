/**
 * How log text looks: colours of the 256 that terminals number (true colours become the nearest of
 * them), bold, dim, italic, underlined, struck, turned, and where it leads. Parameters are those of
 * `SGR` (ECMA-48 8.3.117, and xterm's 38 and 48).
 */
import type { Pen } from './drawn-line.js';

export interface Style {
  /** 0 to 255; null is the colour of the page. */
  readonly foreground: number | null;
  readonly background: number | null;
  /** Bits of `marks`. */
  readonly marks: number;
  /** An http or https address, or null. */
  readonly link: string | null;
}

export const plainStyle: Style = { foreground: null, background: null, marks: 0, link: null };

export const marks = { bold: 1, dim: 2, italic: 4, underlined: 8, turned: 16, struck: 32 } as const;

const marksOn: Readonly<Record<number, number>> = {
  1: marks.bold,
  2: marks.dim,
  3: marks.italic,
  4: marks.underlined,
  7: marks.turned,
  9: marks.struck,
  21: marks.underlined,
};
const marksOff: Readonly<Record<number, number>> = {
  22: marks.bold | marks.dim,
  23: marks.italic,
  24: marks.underlined,
  27: marks.turned,
  29: marks.struck,
};
const classOfMark: readonly (readonly [bit: number, name: string])[] = [
  [marks.bold, 'b'],
  [marks.dim, 'dim'],
  [marks.italic, 'i'],
  [marks.underlined, 'u'],
  [marks.struck, 's'],
];
const mostParameters = 32;
const longestLink = 2000;

/** A pen that goes on from one line to the next. */
export class StylePen implements Pen<Style> {
  constructor(public style: Style = plainStyle) {}

  select(parameters: string): void {
    this.style = selected(this.style, parameters);
  }

  link(address: string): void {
    const link = safeLink(address);
    if (link !== this.style.link) this.style = { ...this.style, link };
  }
}

/** The style after the parameters of one `SGR`. */
export function selected(style: Style, parameters: string): Style {
  if (parameters === '' || parameters === '0') return reset(style);
  if (!/^[\d;:]*$/.test(parameters)) return style;
  const codes = parameters.split(/[;:]/, mostParameters).map(Number);
  let next = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!;
    if (code === 38 || code === 48) {
      const colour = extended(codes, at + 1);
      if (colour.number !== null) next = coloured(next, code === 38, colour.number);
      at += colour.used;
    } else next = selectedOne(next, code);
  }
  return next;
}

/** Space-separated, of the fixed set `f0`–`f255`, `g0`–`g255`, `b dim i u s`; empty for plain. */
export function classesOf({ foreground, background, marks: bits }: Style): string {
  const turned = (bits & marks.turned) !== 0;
  const front = turned ? background : foreground;
  const back = turned ? (foreground ?? 7) : background;
  const names: string[] = [];
  if (front !== null) names.push(`f${front}`);
  if (back !== null) names.push(`g${back}`);
  for (const [bit, name] of classOfMark) if ((bits & bit) !== 0) names.push(name);
  return names.join(' ');
}

/** Without its link, which does not go on from line to line. */
export function printStyle({ foreground, background, marks: bits }: Style): string {
  return `${foreground ?? ''},${background ?? ''},${bits}`;
}

/** Throws nothing: what is no style is the plain one. */
export function parseStyle(text: string): Style {
  const match = /^(\d{0,3}),(\d{0,3}),(\d{1,2})$/.exec(text);
  if (!match) return plainStyle;
  const colour = (word: string): number | null => (word === '' ? null : Number(word) & 255);
  return {
    foreground: colour(match[1]!),
    background: colour(match[2]!),
    marks: Number(match[3]) & 63,
    link: null,
  };
}

/** Null unless it leads to a page of the web: no script, no file, no data. */
export function safeLink(address: string): string | null {
  if (address.length > longestLink || !/^https?:\/\/[^\s"'<>\\^`{|}]+$/i.test(address)) return null;
  return /^[\x21-\x7e]+$/.test(address) ? address : null;
}

function reset(style: Style): Style {
  return style.link === null ? plainStyle : { ...plainStyle, link: style.link };
}

function selectedOne(style: Style, code: number): Style {
  if (code === 0) return reset(style);
  const on = marksOn[code];
  if (on !== undefined) return { ...style, marks: style.marks | on };
  const off = marksOff[code];
  if (off !== undefined) return { ...style, marks: style.marks & ~off };
  if (code >= 30 && code <= 37) return coloured(style, true, code - 30);
  if (code >= 90 && code <= 97) return coloured(style, true, code - 82);
  if (code >= 40 && code <= 47) return coloured(style, false, code - 40);
  if (code >= 100 && code <= 107) return coloured(style, false, code - 92);
  if (code === 39) return coloured(style, true, null);
  if (code === 49) return coloured(style, false, null);
  return style;
}

function coloured(style: Style, front: boolean, colour: number | null): Style {
  return front ? { ...style, foreground: colour } : { ...style, background: colour };
}

/** `5;N` or `2;R;G;B`, with or without the colour space that `2::R:G:B` leaves empty. */
function extended(
  codes: readonly number[],
  at: number,
): { readonly number: number | null; readonly used: number } {
  if (codes[at] === 5) return { number: byteOrNull(codes[at + 1]), used: 2 };
  if (codes[at] !== 2) return { number: null, used: 1 };
  const [red, green, blue] = [1, 2, 3].map((next) => byteOrNull(codes[at + next])) as Rgb;
  if (red === null || green === null || blue === null) return { number: null, used: 4 };
  return { number: nearest(red, green, blue), used: 4 };
}

type Rgb = [red: number | null, green: number | null, blue: number | null];

function byteOrNull(value: number | undefined): number | null {
  return value !== undefined && value >= 0 && value <= 255 ? value : null;
}

const steps = [0, 95, 135, 175, 215, 255] as const;

/** The nearest of the cube (16–231) and the greys (232–255). */
function nearest(red: number, green: number, blue: number): number {
  const [r, g, b] = [red, green, blue].map(nearestStep) as [number, number, number];
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const far = (x: number, y: number, z: number): number =>
    (x - red) ** 2 + (y - green) ** 2 + (z - blue) ** 2;
  const level = 8 + 10 * grey;
  const ofCube = far(steps[r]!, steps[g]!, steps[b]!);
  return far(level, level, level) < ofCube ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

function nearestStep(value: number): number {
  return value < 48 ? 0 : value < 115 ? 1 : Math.min(5, Math.floor((value - 35) / 40));
}
