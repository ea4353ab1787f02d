/**
 * The 256 colours of terminals as both themes show them: each keeps its hue, and is made so dark or
 * so light that any letter can be read on any ground (4.5 : 1, WCAG 2.2, 1.4.3).
 */
type Rgb = readonly [red: number, green: number, blue: number];

/** Relative luminances between which letters and grounds keep apart. */
const bounds = {
  light: { lettersAtMost: 0.115, groundsAtLeast: 0.72 },
  dark: { lettersAtLeast: 0.42, groundsAtMost: 0.048 },
} as const;

const sixteen = [
  '4d4d4d b3261e 1e7a3c 8a5300 1f5aa8 8a3fa0 0b6e75 666666',
  '6b6b6b d93025 2e9e4f b57a00 3b78d8 b04fc8 15919b 3d3d3d',
]
  .join(' ')
  .split(' ')
  .map((text) => rgbOf(text));
const steps = [0, 95, 135, 175, 215, 255] as const;

/** `.f0`–`.f255` for letters and `.g0`–`.g255` for grounds. */
export function logColours(): string {
  const rules: string[] = [];
  for (let number = 0; number < 256; number += 1) {
    const { letter, ground } = shownColour(number);
    rules.push(`.f${number}{color:light-dark(${letter.light},${letter.dark})}`);
    rules.push(`.g${number}{background:light-dark(${ground.light},${ground.dark})}`);
  }
  return rules.join('\n');
}

interface InThemes {
  readonly light: string;
  readonly dark: string;
}

export function shownColour(number: number): {
  readonly letter: InThemes;
  readonly ground: InThemes;
} {
  const colour = terminalColour(number).map(linear) as unknown as Rgb;
  const { light, dark } = bounds;
  return {
    letter: {
      light: printed(darkened(colour, light.lettersAtMost)),
      dark: printed(lightened(colour, dark.lettersAtLeast)),
    },
    ground: {
      light: printed(lightened(colour, light.groundsAtLeast)),
      dark: printed(darkened(colour, dark.groundsAtMost)),
    },
  };
}

/** As xterm numbers them; the first sixteen are of our own choice. */
function terminalColour(number: number): Rgb {
  const base = sixteen[number];
  if (base) return base;
  if (number >= 232) {
    const grey = 8 + 10 * (number - 232);
    return [grey, grey, grey];
  }
  const cube = number - 16;
  return [steps[Math.floor(cube / 36)]!, steps[Math.floor(cube / 6) % 6]!, steps[cube % 6]!];
}

function darkened(colour: Rgb, atMost: number): Rgb {
  const share = Math.min(1, atMost / Math.max(luminance(colour), 1e-6));
  return colour.map((part) => part * share) as unknown as Rgb;
}

function lightened(colour: Rgb, atLeast: number): Rgb {
  const has = luminance(colour);
  const share = has >= atLeast ? 0 : (atLeast - has) / (1 - has);
  return colour.map((part) => part + share * (1 - part)) as unknown as Rgb;
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(part: number): number {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function printed(colour: Rgb): string {
  const parts = colour.map((part) => {
    const share = part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055;
    return Math.round(255 * share)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

function rgbOf(text: string): Rgb {
  return [0, 2, 4].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Rgb;
}
