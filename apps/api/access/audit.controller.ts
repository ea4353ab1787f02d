/** `/api/v1/audit-entries` for who looks something up, `/api/v1/audit-chain` for who verifies. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import { AuditStore } from '#adapters/postgres/audit-store.js';
import { Database } from '#adapters/postgres/database.js';
import { notFound } from '#nest/problem.js';
import {
  answerOfEntry,
  AuditEntryAnswer,
  AuditList,
  AuditQuery,
  ChainAnswer,
  ChainQuery,
} from '#protocol/api/audit.js';
import { cutPage, Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { Requires } from './requires.js';

const byId = z.object({ id: Id });

@ApiTags('audit')
@ApiBearerAuth()
@Controller('api/v1/audit-entries')
export class AuditEntriesController {
  private readonly queries: AuditQueries;

  constructor(database: Database) {
    this.queries = new AuditQueries(database);
  }

  @Get()
  @Requires('audit.read')
  @ApiOperation({ summary: 'Who changed what, newest first' })
  @ApiResponse({ status: 200, standardSchema: AuditList })
  async list(@Query({ schema: AuditQuery }) query: AuditQuery): Promise<AuditList> {
    const { cursor, limit, actor, action, subject } = query;
    const before = cursor === undefined ? undefined : Number(cursor);
    const found = await this.queries.list({ before, limit: limit + 1, actor, action, subject });
    const { items, next } = cutPage(found.map(answerOfEntry), limit, (entry) => entry.id);
    return { items: [...items], next };
  }

  @Get(':id')
  @Requires('audit.read')
  @ApiOperation({ summary: 'One change, with what stood before and after' })
  @ApiResponse({ status: 200, standardSchema: AuditEntryAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) { id }: z.infer<typeof byId>): Promise<AuditEntryAnswer> {
    const found = await this.queries.find(Number(id));
    if (!found) throw notFound(`audit entry ${id}`);
    return answerOfEntry(found);
  }
}

@ApiTags('audit')
@ApiBearerAuth()
@Controller('api/v1/audit-chain')
export class AuditChainController {
  private readonly queries: AuditQueries;
  private readonly store: AuditStore;

  constructor(database: Database) {
    this.queries = new AuditQueries(database);
    this.store = new AuditStore(database);
  }

  @Get()
  @Requires('audit.read')
  @ApiOperation({ summary: 'The entries in their order, to verify how each follows the other' })
  @ApiResponse({ status: 200, standardSchema: ChainAnswer })
  async chain(@Query({ schema: ChainQuery }) { after, limit }: ChainQuery): Promise<ChainAnswer> {
    // Read before the entries: those that come meanwhile lie beyond it.
    const { id, hash } = await this.store.head();
    const items = (await this.queries.some(after, limit)).map(answerOfEntry);
    return { head: { id: String(id), hash }, items };
  }
}
