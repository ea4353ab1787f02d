/** Statuses as the command tells them: a shape, the word and a colour. */
import { paint, type Look, type Tone } from './look.js';

interface Sign {
  readonly shape: string;
  /** Where only ASCII is shown. */
  readonly letter: string;
  readonly tone: Tone;
}

const good: Sign = { shape: '✔', letter: '+', tone: 'good' };
const bad: Sign = { shape: '✖', letter: 'x', tone: 'bad' };
const blocked: Sign = { shape: '⊘', letter: '!', tone: 'bad' };
const lost: Sign = { shape: '⚡', letter: '?', tone: 'lost' };
const busy: Sign = { shape: '▶', letter: '>', tone: 'busy' };
const waiting: Sign = { shape: '⏳', letter: '.', tone: 'quiet' };
const off: Sign = { shape: '○', letter: 'o', tone: 'quiet' };

const signs: Readonly<Record<string, Sign>> = {
  ...{ succeeded: good, failed: bad, error: bad, 'failed-dependency': blocked },
  ...{ 'failed-other': lost, started: busy, submitted: busy, scheduled: waiting },
  ...{ canceled: off, aborted: off },
  ...{ connected: good, draining: waiting, paused: waiting, 'disk-guard': lost },
  ...{ refused: bad, offline: off },
};

export function signOf(status: string): Sign {
  return signs[status] ?? off;
}

/** The shape alone, as wide as one character. */
export function shapeOf(look: Pick<Look, 'shapes'>, status: string): string {
  const sign = signOf(status);
  return look.shapes ? sign.shape : sign.letter;
}

export function statusWord(look: Look, status: string): string {
  return paint(look, signOf(status).tone, `${shapeOf(look, status)} ${status}`);
}
