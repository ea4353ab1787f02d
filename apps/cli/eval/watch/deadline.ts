/** How long a command may still wait. */
import { Refusal } from '../../exit-codes.js';

export class Deadline {
  private readonly end: number;

  /** For ever without a number. */
  constructor(seconds: number | undefined) {
    this.end = seconds === undefined ? Infinity : Date.now() + seconds * 1000;
  }

  /** At most so many milliseconds of what is left; throws a Refusal `timedOut` when nothing is. */
  atMost(milliseconds: number, what: string): number {
    const left = this.end - Date.now();
    if (left <= 0) throw new Refusal('timedOut', `waited too long for ${what}`);
    return Math.min(milliseconds, left);
  }
}
