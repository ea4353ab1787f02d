/** Dashboards: the jobs of a specification that somebody wants to see together. */
import { Controller, Get, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { redirect, sendJson } from './answers.js';
import { CuirassReader } from './cuirass-reader.js';
import { dashboardId, parseDashboardId } from './dashboard-id.js';
import { CuirassErrors, CuirassRefusal, notDefined } from './refusals.js';
import { RequestParameters } from './request-parameters.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassDashboardsController {
  constructor(private readonly reader: CuirassReader) {}

  @Get('api/dashboard/register')
  async register(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new RequestParameters(request);
    const specification = parameters.text('spec');
    const names = parameters.list('names');
    if (specification === undefined || specification === '' || !names) throw notDefined();
    await sendJson(reply, { id: dashboardId({ specification, names }) });
  }

  /** For those who keep to the rule that a registration is a POST. */
  @Post('api/dashboard/register')
  @HttpCode(200)
  registered(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.register(request, reply);
  }

  /** To the last evaluation that succeeded of its specification. */
  @Get('dashboard/:id')
  async find(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const dashboard = parseDashboardId(id);
    const latest = dashboard && (await this.reader.evaluations.latest(dashboard.specification));
    if (latest === null) {
      throw new CuirassRefusal(404, `Dashboard with ID ${id} doesn't exist.`);
    }
    await redirect(reply, `/eval/${latest}/dashboard/${id}`);
  }
}
