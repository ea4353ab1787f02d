/** Which phase a failed build was in, by the end of its log. */
import { phaseMark } from '#domain/log/phases.js';

/**
 * The phase that the log says failed, or that was begun and never ended; null where the end of the
 * log tells of none.
 */
export function failingPhase(text: string): string | null {
  const lines = text.split('\n');
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const mark = phaseMark(lines[at]!);
    if (mark) return mark.kind === 'succeeded' ? null : mark.name;
  }
  return null;
}
