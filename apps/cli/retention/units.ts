/** Sizes and times as people type them on a command line. */
import { InvalidArgumentError } from 'commander';

const powers: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4 };

/** `500M`, `2G` and the like, in powers of 1024; bytes without a letter. */
export function bytesOf(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)([KMGT]?)(?:i?B)?$/.exec(text);
  const bytes = match ? Math.round(Number(match[1]) * 1024 ** powers[match[2]!]!) : 0;
  if (bytes < 1) throw new InvalidArgumentError('a size such as 500M or 2G.');
  return bytes;
}

const seconds: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `36h`, `90d`, `12w` from now on, or a date such as 2027-05-01; answers ISO 8601. */
export function expiryOf(text: string, now: Date = new Date()): string {
  if (text.endsWith('m')) throw new InvalidArgumentError('a time such as 36h, 90d or 12w.');
  return timeOf(text, now);
}

/** As `expiryOf`, minutes included: `30m`. */
export function timeOf(text: string, now: Date = new Date()): string {
  const span = secondsOf(text);
  const time =
    span !== null
      ? now.getTime() + span * 1000
      : /^\d{4}-\d{2}-\d{2}/.test(text)
        ? Date.parse(text)
        : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('a time such as 36h, 90d, 12w or 2027-05-01.');
  }
  return new Date(time).toISOString();
}

function secondsOf(text: string): number | null {
  const match = /^([1-9][0-9]{0,5})([mhdw])$/.exec(text);
  return match ? Number(match[1]) * seconds[match[2]!]! : null;
}
