/** `/search`: builds by a query; `/search/latest`, where the links of releases lead. */
import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BuildSearch } from '#adapters/postgres/build-search.js';
import { Database } from '#adapters/postgres/database.js';
import { SearchQueries } from '#adapters/postgres/search-queries.js';
import { parseBuildQuery } from '#domain/search/build-query.js';
import { parseSearch } from '#domain/search/search-query.js';
import { Id } from '#protocol/api/page.js';
import { searchPage, type SearchModel } from '#views/search.js';
import { redirect } from '../cuirass/answers.js';
import { CuirassErrors, CuirassRefusal } from '../cuirass/refusals.js';

const shownAtMost = 50;

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class SearchController {
  private readonly search: SearchQueries;
  private readonly builds: BuildSearch;

  constructor(database: Database) {
    this.search = new SearchQueries(database);
    this.builds = new BuildSearch(database);
  }

  /** For people. */
  @Get('search')
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const model = await this.found(queryOf(request.url) ?? '', parameter(request.url, 'cursor'));
    const status = model.error ? 400 : 200;
    await reply.status(status).type('text/html; charset=utf-8').send(searchPage(model));
  }

  private async found(query: string, cursor: string | null): Promise<SearchModel> {
    const now = new Date();
    const nothing = { query, error: null, builds: null, next: null, now };
    if (query.trim() === '') return nothing;
    const parsed = parseBuildQuery(query, now.getTime());
    if (!parsed.ok) return { ...nothing, error: parsed.error };
    const before = Id.safeParse(cursor).success ? Number(cursor) : null;
    const page = await this.builds.find(parsed.value, { before, limit: shownAtMost });
    return { ...nothing, builds: page.items, next: page.next };
  }

  @Get('search/latest')
  async latest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await redirect(reply, `/build/${await this.newest(request)}/details`);
  }

  /** Of the newest build alone: an older one that has the file is not what the link promises. */
  @Get('search/latest/:type')
  async product(
    @Param('type') type: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const product = await this.search.product(await this.newest(request), type);
    if (product === null) {
      throw new CuirassRefusal(500, 'Could not find the request build product.');
    }
    await redirect(reply, `/download/${product}`);
  }

  private async newest(request: FastifyRequest): Promise<number> {
    const text = queryOf(request.url);
    if (text === null) throw new CuirassRefusal(500, 'Query parameter not provided.');
    const [build] = await this.search.builds(parseSearch(text), 1);
    if (!build) throw new CuirassRefusal(500, 'No build found.');
    return build.id;
  }
}

/** As a form sends it: a `+` is a space. A NUL is in no name. */
function queryOf(url: string): string | null {
  return parameter(url, 'query')?.replaceAll('\0', '') ?? null;
}

function parameter(url: string, name: string): string | null {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)).get(name);
}
