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
  await answered(what, async () => (holds() ? true : null), milliseconds);
}

/** The same for a question that is asked of somebody: its first answer that is not null. */
export async function answered<T>(
  what: string,
  question: () => Promise<T | null>,
  milliseconds = 45_000,
): Promise<T> {
  const end = performance.now() + milliseconds;
  let fault: unknown = '';
  for (;;) {
    const answer = await question().catch((thrown: unknown) => {
      fault = thrown;
      return null;
    });
    if (answer !== null) return answer;
    if (performance.now() > end) throw new Error(`in vain waited for: ${what} ${String(fault)}`);
    await pause(lookMilliseconds);
  }
}
