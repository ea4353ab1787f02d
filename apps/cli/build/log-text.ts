/**
 * The text of a log for whoever reads it: as it is in a file or a pipe; on a terminal without
 * sequences that move the cursor, change the title or ask it things, and with marks that turn the
 * order of letters around told by their numbers. Colours stay where wished.
 */
import { withTurnsTold } from '#domain/log/drawn-line.js';
import type { Look } from '../tell/look.js';

/* eslint-disable no-control-regex */
const sequence = new RegExp(
  [
    '\\u001b\\[[0-?]*[ -/]*[@-~]',
    '\\u001b[\\]PX^_][^\\u0007\\u001b\\n]*(?:\\u0007|\\u001b\\\\)?',
    '\\u001b[ -/]*[0-Z\\\\^-~]',
  ].join('|'),
  'g',
);
const colour = /^\u001b\[[0-9;:]*m$/;
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g;
/** The beginning of a sequence that may go on in the next part. */
const cut = /\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b\n]{0,4096}\u001b?|[ -/]*)?$/;
/* eslint-enable no-control-regex */

export class LogText {
  private rest = '';
  private readonly raw: boolean;

  constructor(private readonly look: Pick<Look, 'moving' | 'colour'>) {
    this.raw = !look.moving && process.stdout.isTTY !== true;
  }

  shown(part: string): string {
    if (this.raw) return part;
    const whole = this.rest + part;
    const tail = cut.exec(whole);
    this.rest = tail === null ? '' : tail[0];
    const text = tail === null ? whole : whole.slice(0, tail.index);
    return withTurnsTold(text)
      .replace(sequence, (found) => (this.look.colour && colour.test(found) ? found : ''))
      .replace(/\r\n/g, '\n')
      .replace(control, '');
  }
}
