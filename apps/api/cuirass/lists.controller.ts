/** `/api/…` as Cuirass has it: lists of builds, evaluations and jobs. */
import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusesMeant } from '#adapters/postgres/cuirass-numbers.js';
import type { BuildFilters } from '#adapters/postgres/cuirass-selection.js';
import { sendJson, sendJsonText } from './answers.js';
import { CuirassReader } from './cuirass-reader.js';
import { CuirassErrors, CuirassRefusal, limitExceeded, notDefined } from './refusals.js';
import { RequestParameters, wholeNumber } from './request-parameters.js';
import { evaluationObject, historyObject } from './shapes.js';

const buildsAtMost = 1000;
const historyAtMost = 100;

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassListsController {
  constructor(private readonly reader: CuirassReader) {}

  /** Ended builds, those of the newest evaluations first. */
  @Get('api/latestbuilds')
  async latestBuilds(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const limit = buildsWanted(parameters);
    await sendJson(reply, await this.reader.latest(filtersOf(parameters), limit));
  }

  /** Unfinished builds, in the order in which they are handed out. */
  @Get('api/queue')
  async queue(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const limit = buildsWanted(parameters);
    await sendJson(reply, await this.reader.queue(filtersOf(parameters), limit));
  }

  @Get('api/evaluation')
  async evaluation(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const id = new RequestParameters(request).number('id');
    if (id === undefined) throw notDefined('!');
    const found = await this.reader.evaluations.find(id);
    if (!found) throw new CuirassRefusal(404, `Evaluation with ID ${id} doesn't exist.`);
    await sendJson(reply, evaluationObject(found));
  }

  @Get('api/evaluations')
  async evaluations(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const limit = parameters.number('nr');
    if (limit === undefined) throw notDefined('!');
    const found = await this.reader.evaluations.list(limit, parameters.text('spec'));
    await sendJson(reply, found.map(evaluationObject));
  }

  /** By name; however many there are. */
  @Get('api/jobs')
  async jobs(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const asked = parameters.text('evaluation');
    if (asked === undefined) throw notDefined('!');
    const evaluation = wholeNumber(asked);
    if (evaluation === null) throw new CuirassRefusal(500, `Not an evaluation: ${asked}`);
    const [names, system] = [parameters.list('names'), parameters.text('system')];
    await sendJsonText(reply, await this.reader.evaluations.jobs({ evaluation, names, system }));
  }

  @Get('api/jobs/history')
  async history(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const names = parameters.list('names');
    const specification = parameters.text('spec');
    const limit = parameters.number('nr');
    if (!names || specification === undefined || limit === undefined) throw notDefined();
    if (limit > historyAtMost) throw limitExceeded();
    const found = await this.reader.evaluations.history(specification, names, limit);
    await sendJson(reply, found.map(historyObject));
  }
}

function buildsWanted(parameters: RequestParameters): number {
  const limit = parameters.number('nr');
  if (limit === undefined) throw notDefined();
  if (limit > buildsAtMost) throw limitExceeded();
  return limit;
}

/**
 * A number that is none finds nothing; a status that is no status filters nothing, as any parameter
 * that is not known.
 */
export function filtersOf(parameters: RequestParameters): BuildFilters {
  const status = parameters.text('status');
  return {
    id: countOf(parameters, 'id'),
    derivation: parameters.text('derivation')?.replace(/^.*\//, ''),
    specification: parameters.text('jobset'),
    job: parameters.text('job'),
    system: parameters.text('system'),
    evaluation: countOf(parameters, 'evaluation'),
    olderThan: countOf(parameters, 'oldevaluation'),
    worker: parameters.text('worker'),
    statuses: (status === undefined ? null : statusesMeant(status)) ?? undefined,
  };
}

function countOf(parameters: RequestParameters, key: string): number | undefined {
  return parameters.text(key) === undefined ? undefined : (parameters.number(key) ?? -1);
}
