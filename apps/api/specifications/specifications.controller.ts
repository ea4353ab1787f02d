/** `/api/v1/specifications`: reading is free, writing needs the admin token. */
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { keeperOfFile, type Writer } from '#domain/specification/keeping.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { Problem } from '#protocol/api/problem.js';
import { SpecificationAnswer } from '#protocol/api/specification.js';
import { ResourceName, SpecificationInput } from '#protocol/specification.js';
import { actorOf } from '../access/identities.js';
import { Requires } from '../access/requires.js';
import { SpecificationReader } from './specification-reader.js';
import { SpecificationWriter } from './specification-writer.js';

const SpecificationList = z.object({ items: z.array(SpecificationAnswer) });
export const TriggerAnswer = z.object({ specification: z.string(), trigger: z.string() });
const named = z.object({ name: ResourceName });
/** Who writes; '' is nobody, who keeps it from now on. */
const written = z.object({
  'managed-by': z.string().regex(keeperOfFile, 'file: and a name').optional(),
  force: z.enum(['true', 'false']).optional(),
});

@ApiTags('specifications')
@Controller('api/v1/specifications')
export class SpecificationsController {
  constructor(
    private readonly reader: SpecificationReader,
    private readonly writer: SpecificationWriter,
  ) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: SpecificationList })
  async list(): Promise<z.infer<typeof SpecificationList>> {
    return { items: await this.reader.list() };
  }

  @Get(':name')
  @ApiResponse({ status: 200, standardSchema: SpecificationAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SpecificationAnswer> {
    const found = await this.reader.find(name);
    if (!found) throw notFound(`specification ${name}`);
    void reply.header('etag', `"${found.version}"`);
    return found;
  }

  @Post()
  @Requires('specification.add', 'specification/=name')
  @ApiBearerAuth()
  @ApiResponse({ status: 201, standardSchema: SpecificationAnswer })
  @ApiResponse({ status: 409, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async create(
    @Body({ schema: SpecificationInput }) input: SpecificationInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SpecificationAnswer> {
    const stored = await this.writer.create(input);
    void reply.header('etag', `"${stored.version}"`);
    void reply.header('location', `/api/v1/specifications/${stored.name}`);
    return this.reader.answer(stored);
  }

  /**
   * Writes it whole, new or not. With If-Match only the version that was read is replaced. What a
   * file or a repository keeps is refused to others, 409, unless `force` is true.
   */
  @Put(':name')
  @Requires('specification.edit', 'specification/:name')
  @ApiBearerAuth()
  @ApiHeader({ name: 'If-Match', description: 'The ETag that was read', required: false })
  @ApiQuery({ name: 'managed-by', required: false, description: 'file:NAME, which keeps it' })
  @ApiQuery({ name: 'force', required: false, description: 'true: though another keeps it' })
  @ApiResponse({ status: 200, standardSchema: SpecificationAnswer })
  @ApiResponse({ status: 409, standardSchema: Problem })
  @ApiResponse({ status: 412, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async replace(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
    @Query({ schema: written }) query: z.infer<typeof written>,
    @Body({ schema: SpecificationInput }) input: SpecificationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SpecificationAnswer> {
    const version = versionOf(request.headers['if-match']);
    const options = { ...writerOf(query), version, by: actorOf(request) };
    const stored = await this.writer.write(name, input, options);
    void reply.header('etag', `"${stored.version}"`);
    return this.reader.answer(stored);
  }

  /** Archived: its evaluations and builds stay, and its name is free again. */
  @Delete(':name')
  @Requires('specification.remove', 'specification/:name')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiResponse({ status: 204 })
  @ApiQuery({ name: 'managed-by', required: false, description: 'file:NAME, which keeps it' })
  @ApiQuery({ name: 'force', required: false, description: 'true: though another keeps it' })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 409, standardSchema: Problem })
  async archive(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
    @Query({ schema: written }) query: z.infer<typeof written>,
  ): Promise<void> {
    await this.writer.archive(name, writerOf(query));
  }

  /** Look at the channels now. */
  @Post(':name/evaluate')
  @Requires('evaluation.trigger', 'specification/:name')
  @HttpCode(202)
  @Header('cache-control', 'no-store')
  @ApiBearerAuth()
  @ApiResponse({ status: 202, standardSchema: TriggerAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async evaluate(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
  ): Promise<z.infer<typeof TriggerAnswer>> {
    await this.writer.evaluate(name, 'hook');
    return { specification: name, trigger: 'hook' };
  }
}

function writerOf({ 'managed-by': managedBy, force }: z.infer<typeof written>): Writer {
  return {
    managedBy: managedBy === '' ? null : managedBy,
    force: force === 'true',
  };
}

/** Null when the writer does not mind which version it replaces. */
function versionOf(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null;
  const match = /^(?:W\/)?"?(\d{1,9})"?$/.exec(ifMatch.trim());
  if (match) return Number(match[1]);
  const detail = `If-Match ${ifMatch} is not a version of a specification.`;
  throw new ProblemException({ status: 412, kind: 'version-conflict', detail });
}
