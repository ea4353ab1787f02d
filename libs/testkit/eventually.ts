/**
 * Looks again and again until a condition holds: for what nobody signals, such as the end of
 * another program's process. Everything else is waited for by its signal.
 */
import { setTimeout as pause } from 'node:timers/promises';

const lookMilliseconds = 20;

export async function eventually(
  what: string,
  holds: () => boolean,
  milliseconds = 10_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`in vain waited for: ${what}`);
    await pause(lookMilliseconds);
  }
}
