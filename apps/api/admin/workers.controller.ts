/** `/admin/workers`: enrolled, and paused, drained, resumed and removed, one or many at once. */
import { Controller, Get, Header, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import { hashSecret, randomSecret } from '#adapters/system/secret.js';
import { createEnrolmentToken } from '#application/enrol-worker.js';
import type { WorkerStore } from '#application/ports/worker-store.js';
import type { Settings } from '#nest/settings.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { filled, type FieldFault } from '#views/admin/fields.js';
import { adminWorkersPage, enrolPage, removeWorkersPage } from '#views/admin/workers.js';
import { Requires } from '../access/requires.js';
import { SETTINGS } from '../farm/tokens.js';
import { WORKER_STORE } from '../gateway/gateway-tokens.js';
import {
  AdminErrors,
  html,
  nothingChanged,
  orFormAgain,
  seeOther,
  unusable,
  visitOf,
} from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { WorkerWishes, type WorkerWish } from './worker-wishes.js';

const here = '/admin/workers';
const secrets = { random: randomSecret, hash: hashSecret };
const longestLife = 7 * 24 * 3600;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/workers')
export class AdminWorkersController {
  constructor(
    private readonly queries: WorkerQueries,
    private readonly wishes: WorkerWishes,
    @Inject(WORKER_STORE) private readonly store: WorkerStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Requires('admin.see')
  @Header('content-type', html)
  async list(@Req() request: FastifyRequest): Promise<string> {
    const workers = await this.queries.list();
    return adminWorkersPage({ visit: visitOf(request), workers, form: filled() });
  }

  @Post('pause')
  @Requires('worker.pause', 'worker/=worker')
  pause(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.carryOut(request, reply, 'pause');
  }

  @Post('drain')
  @Requires('worker.drain', 'worker/=worker')
  drain(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.carryOut(request, reply, 'drain');
  }

  @Post('resume')
  @Requires('worker.pause', 'worker/=worker')
  resume(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.carryOut(request, reply, 'resume');
  }

  @Post('remove')
  @Requires('worker.remove', 'worker/=worker')
  remove(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.carryOut(request, reply, 'remove');
  }

  /** The form of the list leads here: its token is to stay out of addresses. */
  @Post('confirm-remove')
  @Requires('worker.remove', 'worker/=worker')
  async sure(@Req() request: FastifyRequest): Promise<never> {
    const all = await this.queries.list();
    const workers = chosenOf(request, all);
    if (workers.length === 0) {
      const faults = [{ field: '', detail: 'Choose the workers first.' }];
      throw unusable(this.again(request, all, faults), faults);
    }
    throw nothingChanged(removeWorkersPage({ visit: visitOf(request), workers }));
  }

  /** The answer itself tells the token: an address would be kept by the browser. */
  @Post('enrol')
  @Requires('worker.enrol', 'enrolment/=for')
  async enrol(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const asked = Number(fieldIn(values, 'seconds'));
    const seconds = asked >= 60 && asked <= longestLife ? Math.floor(asked) : 24 * 3600;
    const note = fieldIn(values, 'for').slice(0, 200);
    const made = await createEnrolmentToken(this.store, secrets, { note, seconds });
    void reply.status(200).header('cache-control', 'no-store').type(html);
    return enrolPage({
      ...{ visit: visitOf(request), token: made.token, address: this.settings.publicUrl },
      expiresAt: made.expiresAt.toISOString(),
    });
  }

  private async carryOut(
    request: FastifyRequest,
    reply: FastifyReply,
    wish: WorkerWish,
  ): Promise<string> {
    const all = await this.queries.list();
    const workers = chosenOf(request, all);
    const done = await orFormAgain(
      () => this.wishes.carryOut(request, wish, workers),
      (faults) => this.again(request, all, faults),
    );
    return seeOther(reply, { address: here, done, of: namesOf(workers) });
  }

  private again(
    request: FastifyRequest,
    workers: readonly WorkerAnswer[],
    faults: readonly FieldFault[],
  ): string {
    const form = { values: formOf(request), faults };
    return adminWorkersPage({ visit: visitOf(request), workers, form });
  }
}

function chosenOf(request: FastifyRequest, all: readonly WorkerAnswer[]): WorkerAnswer[] {
  const chosen = formOf(request).getAll('worker');
  return all.filter(({ id }) => chosen.includes(id));
}

function namesOf(workers: readonly WorkerAnswer[]): string {
  const names = workers.map(({ name }) => name).join(', ');
  return names.length <= 190 ? names : `${workers.length} workers`;
}
