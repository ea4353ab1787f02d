/** `/eval/…`: an evaluation for programs, its page for people, its log for both. */
import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CuirassEvaluation } from '#adapters/postgres/cuirass-evaluations.js';
import { statusesMeant } from '#adapters/postgres/cuirass-numbers.js';
import { dependsOnAccept, redirect, sendJson, wantsPage } from './answers.js';
import { CuirassReader } from './cuirass-reader.js';
import { parseDashboardId } from './dashboard-id.js';
import { RawLogs } from './raw-logs.js';
import { CuirassErrors, resourceNotFound, unknownEvaluation } from './refusals.js';
import { RequestParameters, wholeNumber } from './request-parameters.js';
import { evaluationObject } from './shapes.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassEvaluationsController {
  constructor(
    private readonly reader: CuirassReader,
    private readonly logs: RawLogs,
  ) {}

  @Get('eval/latest')
  async latest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const latest = await this.latestOf(new RequestParameters(request));
    if (latest === null) throw resourceNotFound('/eval/latest');
    await redirect(reply, `/eval/${latest}`);
  }

  @Get('eval/latest/dashboard')
  async latestDashboard(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const latest = await this.latestOf(parameters);
    if (latest === null) throw resourceNotFound('/eval/latest/dashboard');
    const system = parameters.text('system');
    const query = system === undefined ? '' : `?system=${encodeURIComponent(system)}`;
    await redirect(reply, `/eval/${latest}/dashboard${query}`);
  }

  @Get('eval/:id')
  async evaluation(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    dependsOnAccept(reply);
    if (wantsPage(request)) return this.page(id, request, reply);
    const found = await this.find(id);
    if (!found) throw unknownEvaluation(id, 'json');
    await sendJson(reply, evaluationObject(found));
  }

  @Get('eval/:id/dashboard')
  dashboard(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.page(id, request, reply);
  }

  /** Of one job that job; our page shows no other choice, and all of them then. */
  @Get('eval/:id/dashboard/:dashboard')
  async chosen(
    @Param('id') id: string,
    @Param('dashboard') dashboard: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const found = await this.find(id);
    if (!found) throw unknownEvaluation(id, 'page');
    const names = parseDashboardId(dashboard)?.names;
    if (!names) throw unknownEvaluation(dashboard, 'page');
    const query = names.length === 1 ? `?name=${encodeURIComponent(names[0]!)}` : '';
    await redirect(reply, `/evaluations/${found.id}${query}`);
  }

  @Get('eval/:id/log/raw')
  async rawLog(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const found = await this.find(id);
    await this.logs.send(found && `evaluation-${found.id}`, { request, reply });
  }

  private async page(id: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const found = await this.find(id);
    if (!found) throw unknownEvaluation(id, 'page');
    await redirect(reply, `/evaluations/${found.id}${pageQuery(new RequestParameters(request))}`);
  }

  private async find(id: string): Promise<CuirassEvaluation | null> {
    const number = wholeNumber(id);
    return number === null ? null : this.reader.evaluations.find(number);
  }

  private async latestOf(parameters: RequestParameters): Promise<number | null> {
    const specification = parameters.text('spec');
    return specification === undefined ? null : this.reader.evaluations.latest(specification);
  }
}

/** The filters that our page has too; it shows one status at a time. */
function pageQuery(parameters: RequestParameters): string {
  const query = new URLSearchParams();
  const system = parameters.text('system');
  if (system !== undefined) query.set('system', system);
  const meant = statusesMeant(parameters.text('status') ?? '') ?? [];
  const status = meant.includes('scheduled') ? 'scheduled' : meant[0];
  if (status !== undefined && meant.length < 5) query.set('status', status);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
