/**
 * Drains workers that fail whatever they are given, each with its reason. They go on with what they
 * have in hand, and a person resumes them.
 */
import { faultOfWorker, faultsInARow, workersToDrain } from '#domain/worker/judge-worker.js';
import type { Bus } from './ports/bus.js';
import type { WorkerRecords } from './ports/worker-record.js';

export interface JudgeWorkersParts {
  readonly store: WorkerRecords;
  readonly bus: Bus;
}

/** Some of the last attempts may say nothing about the worker, or belong to one crash. */
const attemptsRead = 20 * faultsInARow;

export async function judgeWorkers({
  store,
  bus,
}: JudgeWorkersParts): Promise<readonly { readonly name: string; readonly why: string }[]> {
  const { taking, suspects } = await store.suspects(attemptsRead);
  const condemned = suspects.flatMap((suspect) => {
    const judgement = faultOfWorker(suspect.attempts);
    return judgement ? [{ ...suspect, judgement }] : [];
  });
  const drained: { name: string; why: string }[] = [];
  for (const { worker, name, lastAttempt, judgement } of workersToDrain(condemned, taking)) {
    const { why } = judgement;
    if (!(await store.drain(worker, why, lastAttempt))) continue;
    drained.push({ name, why });
    await bus.publish(`worker/${worker}`, 'drain');
    await bus.publish('workers', '');
    await bus.publish('planner', '');
  }
  return drained;
}
