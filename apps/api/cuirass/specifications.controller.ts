/** `/jobsets`, `/jobset/NAME`, the badge: specifications under the name that Cuirass gives them. */
import { Controller, Get, Inject, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { dependsOnAccept, redirect, sendJson, wantsPage } from './answers.js';
import { badgeSvg } from './badge.js';
import { CuirassReader } from './cuirass-reader.js';
import { CuirassErrors, CuirassRefusal, specificationNotFound } from './refusals.js';
import { RequestParameters } from './request-parameters.js';
import { specificationObject } from './shapes.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassSpecificationsController {
  constructor(
    private readonly reader: CuirassReader,
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
  ) {}

  /** Active ones. `/specifications/NAME` is a page of ours. */
  @Get(['jobsets', 'jobsets/*', 'specifications'])
  async list(@Res() reply: FastifyReply): Promise<void> {
    const active = (await this.store.list()).filter((one) => one.specification.active);
    await sendJson(
      reply,
      active.map((one) => specificationObject(one.specification)),
    );
  }

  @Get('jobset/:name')
  async find(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    dependsOnAccept(reply);
    const found = await this.store.find(name);
    if (wantsPage(request)) {
      const missing = new CuirassRefusal(404, `There is no specification ${name}.`, 'page');
      if (!found) throw missing;
      return redirect(reply, `/specifications/${encodeURIComponent(found.name)}`);
    }
    if (!found) throw specificationNotFound();
    await sendJson(reply, specificationObject(found.specification));
  }

  /** How much of the last evaluation that succeeded is built; also of a name that is unknown. */
  @Get('jobset/:name/badge.svg')
  async badge(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const named = new RequestParameters(request).number('type') === 1;
    const counts = await this.reader.latestCounts(name);
    const svg = badgeSvg(counts, named ? name : null);
    await reply.type('image/svg+xml').header('cache-control', 'no-cache').send(svg);
  }
}
