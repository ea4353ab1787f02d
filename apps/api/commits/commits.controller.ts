/** What the farm knows of commits and pull requests, and how good specifications were over time. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { TrendQueries } from '#adapters/postgres/evaluation-difference-trend.js';
import { notFound } from '#nest/problem.js';
import {
  CommitAnswer,
  CommitQuery,
  RequestAnswer,
  RequestQuery,
  RevisionPart,
  TrendAnswer,
  TrendQuery,
} from '#protocol/api/commit.js';
import { Problem } from '#protocol/api/problem.js';
import { ResourceName } from '#protocol/specification.js';
import { CommitReader } from './commit-reader.js';
import { trendPoints } from '../specifications/specification-page-models.js';

const byRevision = z.object({ revision: RevisionPart });
const byName = z.object({ name: ResourceName });

@ApiTags('evaluations')
@Controller('api/v1')
export class CommitsController {
  constructor(
    private readonly reader: CommitReader,
    private readonly trends: TrendQueries,
  ) {}

  /** Evaluations that have a commit, of all specifications, newest first. */
  @Get('commits/:revision')
  @ApiOperation({ operationId: 'getCommit' })
  @ApiResponse({ status: 200, standardSchema: CommitAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  commit(
    @Param({ schema: byRevision }) { revision }: z.infer<typeof byRevision>,
    @Query({ schema: CommitQuery }) query: CommitQuery,
  ): Promise<CommitAnswer> {
    return this.reader.commit(revision, query);
  }

  /** The specifications and evaluations of a pull request. */
  @Get('requests')
  @ApiOperation({ operationId: 'getRequest' })
  @ApiResponse({ status: 200, standardSchema: RequestAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  request(@Query({ schema: RequestQuery }) query: RequestQuery): Promise<RequestAnswer> {
    return this.reader.request(query);
  }

  /** The last evaluations with their counts, and the newest that is good enough. */
  @Get('specifications/:name/trend')
  @ApiTags('specifications')
  @ApiOperation({ operationId: 'getSpecificationTrend' })
  @ApiResponse({ status: 200, standardSchema: TrendAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async trend(
    @Param({ schema: byName }) { name }: z.infer<typeof byName>,
    @Query({ schema: TrendQuery }) { percent }: TrendQuery,
  ): Promise<TrendAnswer> {
    const trend = await this.trends.trend(name, percent, trendPoints);
    if (!trend) throw notFound(`specification ${name}`);
    return trend;
  }
}
