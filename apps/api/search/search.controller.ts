/** `/search`: builds by their names; `/search/latest`, where the links of releases lead. */
import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { SearchQueries } from '#adapters/postgres/search-queries.js';
import { parseSearch } from '#domain/search/search-query.js';
import { searchPage } from '#views/search.js';
import { redirect } from '../cuirass/answers.js';
import { CuirassErrors, CuirassRefusal } from '../cuirass/refusals.js';

const shownAtMost = 50;

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class SearchController {
  private readonly search: SearchQueries;

  constructor(
    database: Database,
    private readonly builds: BuildQueries,
  ) {
    this.search = new SearchQueries(database);
  }

  /** For people. */
  @Get('search')
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request.url);
    if (query === null) throw new CuirassRefusal(500, 'Query parameter not provided!');
    const found = await this.search.builds(parseSearch(query), shownAtMost + 1);
    const builds = await this.builds.those(found.slice(0, shownAtMost).map(({ id }) => id));
    const model = { query, builds, cut: found.length > shownAtMost, now: new Date() };
    await reply.type('text/html; charset=utf-8').send(searchPage(model));
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
  const mark = url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)).get('query');
  return query?.replaceAll('\0', '') ?? null;
}
