/** How /admin answers: a page, the way back to one after a change, or a page that says why not. */
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemException, type Refusal } from '#nest/problem.js';
import { ProblemFilter } from '#nest/problem-filter.js';
import type { ProblemFault } from '#protocol/api/problem.js';
import type { Visit } from '#views/admin/desk.js';
import type { FieldFault } from '#views/admin/fields.js';
import { refusalPage } from '#views/admin/refusal.js';
import { readTold, toldAddress, type Done } from '#views/admin/told.js';
import { csrfFieldOf } from '../access/access-guard.js';
import { daysOfCertificate } from '../access/by-proxy.js';
import { actorOf } from '../access/identities.js';
import { faultsIn } from './checked.js';

export const html = 'text/html; charset=utf-8';

/** For whom the page of this request is drawn. */
export function visitOf(request: FastifyRequest): Visit {
  const actor = actorOf(request);
  const told = readTold(queryOf(request));
  const certificateDays = daysOfCertificate(request);
  return { actor, csrf: csrfFieldOf(request), told, now: new Date(), certificateDays };
}

export function queryOf({ url }: Pick<FastifyRequest, 'url'>): URLSearchParams {
  const cut = url.indexOf('?');
  return new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
}

export interface DoneAt {
  readonly address: string;
  readonly done: Done;
  readonly of: string;
  readonly intent?: string | null;
}

/** After a change: the page that shows it. A reload of that page changes nothing again. */
export function seeOther(reply: FastifyReply, { address, ...told }: DoneAt): string {
  void reply.status(303).header('location', toldAddress(address, told)).type('text/plain');
  return '';
}

/** Nothing was changed: the form comes back as it was sent, with what is wrong with it. */
export class FormRefused extends ProblemException {
  constructor(
    refusal: Pick<Refusal, 'status' | 'kind' | 'detail'>,
    readonly page: string,
  ) {
    super(refusal);
  }
}

/** A page that a form asked for, and that changed nothing: neither a step back nor a refusal. */
export function nothingChanged(page: string): FormRefused {
  return new FormRefused({ status: 200, kind: 'nothing-changed', detail: 'Asked again.' }, page);
}

export function unusable(
  page: string,
  faults: readonly { readonly detail: string }[],
): FormRefused {
  const detail = faults.map((fault) => fault.detail).join('; ') || 'The form cannot be used.';
  return new FormRefused({ status: 422, kind: 'invalid-body', detail }, page);
}

/** Carries it out; when the form was at fault, its page comes back and says where. */
export async function orFormAgain<T>(
  work: () => Promise<T>,
  page: (faults: readonly FieldFault[]) => string | Promise<string>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const faults = faultsIn(error);
    if (faults === null) throw error;
    throw unusable(await page(faults), faults);
  }
}

/** Whatever goes wrong below /admin is told as a page. */
@Catch()
export class AdminErrors implements ExceptionFilter {
  private readonly tellOthers: ExceptionFilter['catch'];

  constructor() {
    const filter = new ProblemFilter({ wanted: () => true, render });
    this.tellOthers = filter.catch.bind(filter);
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (!(thrown instanceof FormRefused)) return this.tellOthers(thrown, host);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply
      .status(thrown.getStatus())
      .header('cache-control', 'no-store')
      .type(html)
      .send(thrown.page);
  }
}

function render({ status, detail, errors = [] }: Refusal): string {
  return refusalPage({ status, detail, errors: errors as readonly ProblemFault[] });
}
