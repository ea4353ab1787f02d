/** How a command may print: with colours, with shapes beyond ASCII, in place on a terminal. */
import { styleText } from 'node:util';

export interface Look {
  readonly colour: boolean;
  /** Whether lines may be written over: on a terminal that can, and nowhere else. */
  readonly moving: boolean;
  /** Whether the reader's locale shows more than ASCII. */
  readonly shapes: boolean;
  readonly columns: number;
  readonly rows: number;
}

interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Wish {
  readonly color?: boolean;
  readonly plain?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function lookOf(stream: Stream, env: Environment, wish: Wish = {}): Look {
  const terminal = stream.isTTY === true && env['TERM'] !== 'dumb' && wish.plain !== true;
  const forced = isSet(env['FORCE_COLOR']) && env['FORCE_COLOR'] !== '0';
  const refused = wish.color === false || wish.plain === true || isSet(env['NO_COLOR']);
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'C.UTF-8';
  return {
    colour: !refused && (terminal || forced),
    // Machines that collect the output of a terminal would keep every picture of it.
    moving: terminal && !isSet(env['CI']),
    shapes: wish.plain !== true && /utf-?8/i.test(locale),
    columns: stream.columns ?? 80,
    rows: stream.rows ?? 24,
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

export type Tone = 'good' | 'bad' | 'lost' | 'busy' | 'quiet' | 'strong';

const styles = {
  good: 'green',
  bad: 'red',
  lost: 'magenta',
  busy: 'cyan',
  quiet: 'gray',
  strong: 'bold',
} as const satisfies Record<Tone, string>;

export function paint(look: Pick<Look, 'colour'>, tone: Tone, text: string): string {
  return look.colour ? styleText(styles[tone], text, { validateStream: false }) : text;
}

/**
 * What came from outside, for a terminal: without control characters, which could move its cursor
 * or change its title, and on one line.
 */
export function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}
