/** `/admin/audit`: who changed what, by filters. */
import { Controller, Get, Header, Param, Query, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { auditEntryPage, auditPage } from '#views/admin/audit.js';
import { Requires } from '../access/requires.js';
import { AdminErrors, html, queryOf, visitOf } from './admin-answers.js';
import { withoutEmpty } from '../pages/form-query.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const Word = z.string().max(200).optional();
const AuditQuery = z.preprocess(
  withoutEmpty,
  z.object({ before: Id.optional(), actor: Word, action: Word, subject: Word }),
);
const atOnce = 50;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/audit')
export class AdminAuditController {
  private readonly queries: AuditQueries;

  constructor(database: Database) {
    this.queries = new AuditQueries(database);
  }

  @Get()
  @Requires('audit.read')
  @Header('content-type', html)
  async list(
    @Query({ schema: AuditQuery }) { before, ...filter }: z.infer<typeof AuditQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const from = before === undefined ? {} : { before: Number(before) };
    const found = await this.queries.list({ ...filter, ...from, limit: atOnce + 1 });
    const entries = found.slice(0, atOnce);
    const next = found.length > atOnce ? (entries.at(-1)?.id ?? null) : null;
    const values = queryOf(request);
    values.delete('before');
    return auditPage({
      ...{ visit: visitOf(request), form: { values, faults: [] }, entries, next },
    });
  }

  @Get(':id')
  @Requires('audit.read')
  @Header('content-type', html)
  async show(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    const entry = await this.queries.find(Number(id));
    if (!entry) throw notFound(`entry ${id}`);
    return auditEntryPage({ visit: visitOf(request), entry });
  }
}
