/** What is wished of one worker or of many at once; each is written down by itself. */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import type { Action } from '#domain/access/actor.js';
import { id as idOf, type WorkerId } from '#domain/ids.js';
import { ProblemException } from '#nest/problem.js';
import { DrainRequest, PauseRequest, type WorkerAnswer } from '#protocol/api/worker.js';
import type { Done } from '#views/admin/told.js';
import { Audit } from '../access/audit.js';
import { actorOf } from '../access/identities.js';
import { WorkerStanding } from '../workers/worker-standing.js';
import { fieldIn, formOf } from './admin-form.js';
import { checked } from './checked.js';

const wishes = {
  pause: { action: 'worker.pause', done: 'paused' },
  drain: { action: 'worker.drain', done: 'draining' },
  resume: { action: 'worker.pause', done: 'resumed' },
  remove: { action: 'worker.remove', done: 'removed' },
} as const satisfies Record<string, { action: Action; done: Done }>;
export type WorkerWish = keyof typeof wishes;

@Injectable()
export class WorkerWishes {
  constructor(
    private readonly standing: WorkerStanding,
    private readonly audit: Audit,
    private readonly subjects: AuditSubjects,
  ) {}

  async carryOut(
    request: FastifyRequest,
    wish: WorkerWish,
    workers: readonly WorkerAnswer[],
  ): Promise<Done> {
    if (workers.length === 0) throw nobody;
    const asked = askedOf(formOf(request), wish);
    // The first is what the request itself is written down for.
    const named = fieldIn(formOf(request), 'worker');
    for (const { id } of workers) {
      const subject = `worker/${id}`;
      const before = await this.subjects.standing(subject);
      await this.one(idOf<WorkerId>(id), wish, asked);
      if (id === named) continue;
      const after = await this.subjects.standing(subject);
      await this.audit.record(actorOf(request), {
        ...{ action: wishes[wish].action, subject, before, after },
      });
    }
    return wishes[wish].done;
  }

  private async one(worker: WorkerId, wish: WorkerWish, { note, until }: Asked): Promise<void> {
    if (wish === 'pause') await this.standing.pause(worker, note, until);
    else if (wish === 'drain') await this.standing.drain(worker, note);
    else if (wish === 'resume') await this.standing.resume(worker);
    else await this.standing.remove(worker);
  }
}

interface Asked {
  readonly note: string;
  readonly until: string | undefined;
}

function askedOf(values: URLSearchParams, wish: WorkerWish): Asked {
  const note = fieldIn(values, 'note');
  if (wish === 'drain') return { ...checked(DrainRequest, { note }), until: undefined };
  if (wish !== 'pause') return { note, until: undefined };
  const until = fieldIn(values, 'until');
  const asked = checked(PauseRequest, { note, ...(until !== '' && { until: inUtc(until) }) });
  return { note: asked.note, until: asked.until };
}

/** A browser's field for times says no zone and, when they are 0, no seconds. */
function inUtc(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?$/.exec(text);
  return match ? `${match[1]}${match[2] ?? ':00'}Z` : text;
}

const nobody = new ProblemException({
  status: 422,
  kind: 'invalid-body',
  detail: 'Choose the workers first.',
});
