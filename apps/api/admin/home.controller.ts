/** `/admin`: what needs a hand now, and what was changed last. */
import { Controller, Get, Header, Injectable, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import { ForgeQueries } from '#adapters/postgres/forge-queries.js';
import { TroubleQueries } from '#adapters/postgres/trouble-queries.js';
import { UpstreamCatalog } from '#adapters/postgres/upstream-catalog.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { ChainedEntry } from '#domain/access/audit-chain.js';
import { may } from '#domain/access/actor.js';
import { adminHomePage } from '#views/admin/home.js';
import { mattersOf, type FarmFacts } from '#views/admin/matters.js';
import { Requires } from '../access/requires.js';
import { Retention } from '../retention/retention.js';
import { Tokens } from '../tokens/tokens.js';
import { AdminErrors, html, visitOf } from './admin-answers.js';

const changesShown = 10;

@Injectable()
export class FarmFactsReader {
  constructor(
    private readonly database: Database,
    private readonly retention: Retention,
    private readonly tokens: Tokens,
  ) {}

  async read(): Promise<FarmFacts> {
    const { database, retention } = this;
    const trouble = new TroubleQueries(database);
    const [{ disks }, workers, fetchFaults, repositories, { items: upstreams }, forges] =
      await Promise.all([
        retention.farm(),
        new WorkerQueries(database).list(),
        trouble.fetchFaults(),
        new PostgresFollowedRepositories(database).list(),
        new UpstreamCatalog(database).list(),
        new ForgeQueries(database).forges(),
      ]);
    const [tokens, { items: collections }, givenUp, failedDeliveries] = await Promise.all([
      this.tokens.list(),
      retention.collections.list({ limit: 1 }),
      trouble.givenUp(),
      trouble.failedDeliveries(),
    ]);
    return {
      ...{ disks, workers, fetchFaults, repositories, upstreams, forges, tokens },
      ...{ collection: collections[0] ?? null, givenUp, failedDeliveries },
    };
  }

  changes(): Promise<readonly ChainedEntry[]> {
    return new AuditQueries(this.database).list({ limit: changesShown });
  }
}

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin')
export class AdminHomeController {
  constructor(private readonly facts: FarmFactsReader) {}

  @Get()
  @Requires('admin.see')
  @Header('content-type', html)
  async home(@Req() request: FastifyRequest): Promise<string> {
    const visit = visitOf(request);
    const matters = mattersOf(await this.facts.read(), visit.now);
    const entries = may(visit.actor, 'audit.read') ? await this.facts.changes() : null;
    return adminHomePage({ visit, matters, entries });
  }
}
