/** Numbers and spans as options take them; what they refuse is wrong usage. */
import { InvalidArgumentError } from 'commander';

/** How many of a list: 1 to 500, as a page of the API holds. */
export function limitOf(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 500) {
    throw new InvalidArgumentError('a number from 1 to 500.');
  }
  return number;
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `30m`, `2h`, `1d`; answers seconds. */
export function secondsOf(text: string): number {
  const match = /^([0-9]{1,7})([smhd]?)$/.exec(text);
  if (!match) throw new InvalidArgumentError('a time such as 90s, 30m or 2h.');
  return Number(match[1]) * (seconds[match[2]!] ?? 1);
}
