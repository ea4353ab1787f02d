/** What happened between two looks at an evaluation, one line or one JSON object each. Pure. */
import type { JobAnswer } from '#client/generated/evaluations.js';
import { duration, secondsBetween } from '#views/words.js';
import { harmless } from '../../tell/look.js';
import { doneOf, isOver, isWell, totalOf, verdictOf } from '../evaluation-words.js';
import type { Running, Snapshot } from './snapshot.js';

export type Happening =
  | { readonly event: 'watching'; readonly evaluation: string; readonly verdict: string }
  | {
      readonly event: 'started' | 'ended' | 'waiting';
      readonly job: string;
      readonly system: string;
      readonly build: string | null;
      readonly status: string;
      readonly reason: string | null;
      /** Of what ended, where it is known. */
      readonly seconds: number | null;
    }
  | {
      readonly event: 'progress';
      readonly done: number;
      readonly total: number;
      readonly verdict: string;
    }
  | {
      readonly event: 'verdict';
      readonly evaluation: string;
      readonly well: boolean;
      readonly verdict: string;
    };

export interface Between {
  /** Null at the first look. */
  readonly before: Snapshot | null;
  readonly after: Snapshot;
  /** Jobs that ran before and run no more, as they stand now. */
  readonly ended: readonly JobAnswer[];
  readonly now: Date;
}

export function happeningsOf({ before, after, ended, now }: Between): Happening[] {
  const { evaluation } = after;
  const verdict = verdictOf(evaluation, now);
  const told: Happening[] =
    before === null ? [{ event: 'watching', evaluation: evaluation.id, verdict }] : [];
  const known = new Set(before?.running.map(({ job }) => job.id));
  const started = after.running.filter(({ job }) => !known.has(job.id));
  told.push(...started.map(({ job }) => of('started', job, null)));
  const began = new Map(before?.running.map((one) => [one.job.id, one]));
  told.push(...ended.map((job) => of('ended', job, spanOf(began.get(job.id), job))));
  const seen = new Set([...ended.map(({ id }) => id), ...(before ? failedIn(before) : [])]);
  const failures = after.failures.filter(({ job }) => !seen.has(job.id));
  told.push(...failures.map(({ job }) => of('ended', job, null)));
  const { waiting } = after;
  if (waiting !== null && waiting.sentence !== before?.waiting?.sentence) {
    told.push({ ...of('waiting', waiting.job, null), reason: waiting.sentence } as Happening);
  }
  if (isOver(evaluation)) {
    told.push({ event: 'verdict', evaluation: evaluation.id, well: isWell(evaluation), verdict });
  } else if (before !== null && doneOf(before.evaluation.jobs) !== doneOf(evaluation.jobs)) {
    const [done, total] = [doneOf(evaluation.jobs), totalOf(evaluation.jobs)];
    told.push({ event: 'progress', done, total, verdict });
  }
  return told;
}

function failedIn({ failures }: Snapshot): string[] {
  return failures.map(({ job }) => job.id);
}

function of(
  event: 'started' | 'ended' | 'waiting',
  job: JobAnswer,
  seconds: number | null,
): Happening {
  const { name, system, build, status, reason, error } = job;
  const why = reason ?? error?.split('\n')[0] ?? null;
  return { event, job: name, system, build, status, reason: why, seconds };
}

function spanOf(running: Running | undefined, { endedAt }: JobAnswer): number | null {
  if (!running?.startedAt || endedAt === null) return null;
  return Math.max(0, Math.round(secondsBetween(running.startedAt, endedAt)));
}

/** `12:03:01 failed libfoo x86_64-linux (build 7): builder-failed`, in UTC. */
export function lineOf(happening: Happening, now: Date): string {
  return `${now.toISOString().slice(11, 19)} ${harmless(wordsOf(happening))}`;
}

function wordsOf(happening: Happening): string {
  switch (happening.event) {
    case 'watching':
      return `watching evaluation ${happening.evaluation}: ${happening.verdict}`;
    case 'progress':
      return `${happening.done} of ${happening.total} done; ${happening.verdict}`;
    case 'verdict':
      return `evaluation ${happening.evaluation}: ${happening.verdict}`;
    case 'started':
    case 'waiting':
    case 'ended': {
      const { job, system, build, status, reason, seconds } = happening;
      const parts = [
        ...[happening.event === 'waiting' ? 'waiting' : status, job, system],
        ...[
          build === null ? '' : `(build ${build})`,
          seconds === null ? '' : `in ${duration(seconds)}`,
        ],
      ];
      return `${parts.filter(Boolean).join(' ')}${reason === null ? '' : `: ${reason}`}`;
    }
  }
}
