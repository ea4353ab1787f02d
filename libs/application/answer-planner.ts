/**
 * What the leading planner knows of waits and estimates, asked over the bus by whoever serves
 * people. An answer may not come (no leader, or a slow one): the asker then does without.
 */
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import type { Estimate, PlannedWait, SystemDrain } from '#domain/scheduling/planner.js';
import type { PlannerMemory } from './planner-memory.js';
import type { EvaluationJobStore } from './ports/planner-store.js';

export interface PlannerQuestion {
  readonly id: number;
  /** The asker's own: the answer goes to `planner/answer/REPLY`. */
  readonly reply: string;
  readonly builds?: readonly number[];
  readonly evaluation?: number;
  /** Beside the builds, which planners of before want, how long the queue is. */
  readonly queue?: boolean;
}

export interface PlannerAnswer {
  readonly id: number;
  /** In the order of the question; null for builds that do not wait or are not known. */
  readonly waits: readonly (PlannedWait | null)[];
  /** Of all builds asked for together. */
  readonly estimate: Estimate;
  readonly drains?: readonly SystemDrain[];
}

const buildsAtMost = 1000;
const unknown: Estimate = { startsAt: null, endsAt: null };

/** Null for what is no question. */
export function parseQuestion(message: string): PlannerQuestion | null {
  const said = parse(message);
  if (typeof said !== 'object' || said === null) return null;
  const { id: number, reply, builds, evaluation, queue } = said as Record<string, unknown>;
  if (!isId(number) || typeof reply !== 'string' || !/^[\w-]{1,64}$/.test(reply)) return null;
  if (isId(evaluation)) return { id: number, reply, evaluation };
  if (!Array.isArray(builds) || builds.length > buildsAtMost || !builds.every(isId)) return null;
  return { id: number, reply, builds, queue: queue === true };
}

export async function answerPlanner(
  jobs: EvaluationJobStore,
  memory: PlannerMemory,
  question: PlannerQuestion,
): Promise<PlannerAnswer> {
  const { planner, now } = memory;
  const asked = (question.builds ?? []).map((build) => id<BuildId>(build));
  const builds =
    question.evaluation === undefined
      ? asked
      : await jobs.unfinished(id<EvaluationId>(question.evaluation));
  return {
    id: question.id,
    waits: asked.map((build) => planner.waitOf(build, now)),
    // A forecast costs milliseconds, and of no build there is none.
    estimate: builds.length > 0 ? planner.estimateOf(builds, now) : unknown,
    ...(question.queue && { drains: planner.drains(now) }),
  };
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return null;
  }
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
