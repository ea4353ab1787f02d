/**
 * Tries again what a cut connection may have spoilt, as a worker agent does: a server may close one
 * that it thinks idle in the moment in which it is used. An answer, whatever it says, is an answer.
 */
import { setTimeout as pause } from 'node:timers/promises';

const triesAtMost = 6;
const pauseMilliseconds = 250;

export async function stubbornly<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tried === triesAtMost) throw error;
      await pause(pauseMilliseconds * tried);
    }
  }
}
