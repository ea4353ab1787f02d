/** The pages of commits and of pull requests. */
import { Controller, Get, Header, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { CommitQuery, RequestQuery, RevisionPart } from '#protocol/api/commit.js';
import { commitPage } from '#views/commit.js';
import { requestPage } from '#views/request.js';
import { Notices } from '../pages/notices.js';
import { CommitReader } from './commit-reader.js';

const byRevision = z.object({ revision: RevisionPart });
/** OWNER/NAME are two parts; a repository of more is asked for by `?repository=`. */
const byNumber = RequestQuery.omit({ repository: true }).extend({
  owner: z.string().max(127),
  name: z.string().max(127),
});
const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller()
export class CommitPagesController {
  constructor(private readonly reader: CommitReader) {}

  @Get('commits/:revision')
  @Header('content-type', html)
  async commit(
    @Param({ schema: byRevision }) { revision }: z.infer<typeof byRevision>,
    @Query({ schema: CommitQuery }) query: CommitQuery,
  ): Promise<string> {
    const commit = await this.reader.commit(revision, query);
    return commitPage({ commit, now: new Date() });
  }

  @Get('requests')
  @Header('content-type', html)
  async request(@Query({ schema: RequestQuery }) query: RequestQuery): Promise<string> {
    return requestPage({ request: await this.reader.request(query), now: new Date() });
  }

  @Get('requests/:forge/:owner/:name/:number')
  @Header('content-type', html)
  requestByParts(
    @Param({ schema: byNumber }) { forge, owner, name, number }: z.infer<typeof byNumber>,
  ): Promise<string> {
    return this.request({ forge, repository: `${owner}/${name}`, number });
  }
}
