/**
 * A page does not wait for a hundred thousand jobs that nobody has looked at for a while: it says
 * so, browsers come again by themselves, and by then they are there.
 */
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';

const patienceMilliseconds = 60;
/** Fewer are there soon enough on any machine. */
const manyJobs = 20_000;

/** Null when it comes later. That it fails then is told to who asks again. */
export async function soon<T>(evaluation: EvaluationAnswer, coming: Promise<T>): Promise<T | null> {
  if (evaluation.jobCount < manyJobs) return coming;
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), patienceMilliseconds);
  coming.catch(() => undefined);
  try {
    return await Promise.race([coming, promise]);
  } finally {
    clearTimeout(timer);
  }
}
