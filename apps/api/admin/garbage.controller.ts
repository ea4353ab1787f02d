/** `/admin/garbage`: dry runs, collections, and what the disks say. */
import { Controller, Get, Header, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { CollectionRequest } from '#protocol/api/retention.js';
import { filled, type Filled } from '#views/admin/fields.js';
import { collectionPage, confirmCollectionPage, garbagePage } from '#views/admin/garbage.js';
import { noteChange } from '../access/audit-interceptor.js';
import { Requires } from '../access/requires.js';
import { Retention } from '../retention/retention.js';
import {
  AdminErrors,
  html,
  nothingChanged,
  orFormAgain,
  seeOther,
  visitOf,
} from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { checked } from './checked.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const ListQuery = z.object({ cursor: Id.optional() });
const here = '/admin/garbage';
const atOnce = 20;
const gib = 1024 ** 3;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/garbage')
export class AdminGarbageController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @Requires('garbage.collect')
  @Header('content-type', html)
  list(
    @Query({ schema: ListQuery }) { cursor }: z.infer<typeof ListQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.page(request, filled(), cursor);
  }

  @Get(':id')
  @Requires('garbage.collect')
  @Header('content-type', html)
  async show(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    const one = await this.retention.collections.find(Number(id));
    if (!one) throw notFound(`collection ${id}`);
    return collectionPage({ visit: visitOf(request), one });
  }

  @Post('confirm')
  @Requires('garbage.collect', 'collection')
  async sure(@Req() request: FastifyRequest): Promise<never> {
    const wanted = fieldIn(formOf(request), 'wantedGib');
    await this.wished(request, () => Promise.resolve(requestOf(formOf(request))));
    throw nothingChanged(confirmCollectionPage(visitOf(request), wanted));
  }

  @Post()
  @Requires('garbage.collect', 'collection')
  async collect(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const wished = await this.wished(request, () =>
      this.retention.collect(requestOf(formOf(request))),
    );
    const { id, dryRun } = wished;
    noteChange(request, { subject: `collection/${id}`, before: null, after: wished });
    const of = dryRun ? 'A dry run' : 'A collection';
    return seeOther(reply, { address: `${here}/${id}`, done: 'collecting', of });
  }

  /** A number that cannot be used comes back with the form. */
  private wished<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    return orFormAgain(work, (found) => {
      const faults = found.map((fault) => ({ ...fault, field: 'wantedGib' }));
      return this.page(request, { values: formOf(request), faults }, undefined);
    });
  }

  private async page(
    request: FastifyRequest,
    form: Filled,
    cursor: string | undefined,
  ): Promise<string> {
    const [farm, { items, next }] = await Promise.all([
      this.retention.farm(),
      this.retention.collections.list({ cursor, limit: atOnce }),
    ]);
    return garbagePage({ visit: visitOf(request), farm, items, next, form });
  }
}

function requestOf(values: URLSearchParams): CollectionRequest {
  const wanted = fieldIn(values, 'wantedGib');
  return checked(CollectionRequest, {
    dryRun: fieldIn(values, 'dryRun') === 'yes',
    ...(wanted !== '' && { wantedBytes: Math.round(Number(wanted) * gib) }),
  });
}
