/** `/api/v1/forges`: forges, how their pull requests are built, and what they told; all admin's. */
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Req,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  ForgeAnswer,
  ForgeDeliveryList,
  ForgeList,
  ForgeName,
  ForgeRequest,
  ForgeTrial,
  TemplateAnswer,
  TemplateList,
  TemplateRequest,
} from '#protocol/api/forge.js';
import { Id, PageQuery } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { noteChange } from '../access/audit-interceptor.js';
import { Requires } from '../access/requires.js';
import { Forges } from './forges.js';

const named = z.object({ name: ForgeName });
type Named = z.infer<typeof named>;
const templateOf = named.extend({ id: Id });
const byId = z.object({ id: Id });
const DeliveryQuery = PageQuery.extend({ forge: ForgeName.optional() });

@ApiTags('forges')
@ApiBearerAuth()
@Requires('forge.manage', 'forge/:name')
@Controller('api/v1')
export class ForgesController {
  constructor(private readonly forges: Forges) {}

  @Get('forges')
  @ApiResponse({ status: 200, standardSchema: ForgeList })
  async list(): Promise<ForgeList> {
    return { items: await this.forges.queries.forges() };
  }

  @Get('forges/:name')
  @ApiOperation({ summary: 'One forge, how it is heard and how it does' })
  @ApiResponse({ status: 200, standardSchema: ForgeAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  find(@Param({ schema: named }) { name }: Named): Promise<ForgeAnswer> {
    return this.forges.answer(name);
  }

  @Put('forges/:name')
  @ApiOperation({ summary: 'Add a forge, or change the one of that name' })
  @ApiResponse({ status: 200, standardSchema: ForgeAnswer })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async put(
    @Param({ schema: named }) { name }: Named,
    @Body({ schema: ForgeRequest }) request: ForgeRequest,
  ): Promise<ForgeAnswer> {
    await this.forges.put(name, request);
    return this.forges.answer(name);
  }

  @Delete('forges/:name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Hear it no more, and let the specifications of its requests go' })
  @ApiResponse({ status: 404, standardSchema: Problem })
  remove(@Param({ schema: named }) { name }: Named): Promise<void> {
    return this.forges.remove(name);
  }

  @Post('forges/:name/try')
  @HttpCode(200)
  @ApiOperation({ summary: 'Look whether its secrets and its token are good' })
  @ApiResponse({ status: 200, standardSchema: ForgeTrial })
  @ApiResponse({ status: 404, standardSchema: Problem })
  try(@Param({ schema: named }) { name }: Named): Promise<ForgeTrial> {
    return this.forges.try(name);
  }

  @Get('forges/:name/templates')
  @ApiResponse({ status: 200, standardSchema: TemplateList })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async templates(@Param({ schema: named }) { name }: Named): Promise<TemplateList> {
    return { items: await this.forges.templates(name) };
  }

  @Post('forges/:name/templates')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say how the pull requests of a repository are built, and for whom' })
  @ApiResponse({ status: 200, standardSchema: TemplateAnswer })
  @ApiResponse({ status: 422, standardSchema: Problem })
  putTemplate(
    @Param({ schema: named }) { name }: Named,
    @Body({ schema: TemplateRequest }) request: TemplateRequest,
  ): Promise<TemplateAnswer> {
    return this.forges.putTemplate(name, request);
  }

  @Delete('forges/:name/templates/:id')
  @HttpCode(204)
  @ApiResponse({ status: 404, standardSchema: Problem })
  removeTemplate(
    @Param({ schema: templateOf }) { name, id }: z.infer<typeof templateOf>,
  ): Promise<void> {
    return this.forges.removeTemplate(name, id);
  }

  @Get('forge-deliveries')
  @ApiOperation({ summary: 'What forges told, newest first, and what became of it' })
  @ApiResponse({ status: 200, standardSchema: ForgeDeliveryList })
  deliveries(
    @Query({ schema: DeliveryQuery }) { forge, ...page }: z.infer<typeof DeliveryQuery>,
  ): Promise<ForgeDeliveryList> {
    return this.forges.queries.deliveries(forge ?? null, page);
  }

  @Post('forge-deliveries/:id/redeliver')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take what a forge told once more, as if it had just come' })
  @ApiResponse({ status: 204 })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async redeliver(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.forges.takeAgain(id);
    noteChange(request, { subject: `forge-delivery/${id}` });
  }
}
