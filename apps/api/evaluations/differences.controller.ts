/** `/api/v1/evaluations/ID/difference` and its root causes: what a packager looks for first. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { id, type EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import {
  DifferenceAnswer,
  DifferenceQuery,
  RootCausesAnswer,
  RootCausesQuery,
} from '#protocol/api/difference.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { MapAnswer } from '#protocol/api/map.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { DifferenceReader } from './difference-reader.js';
import { MapReader } from './map-reader.js';
import { RootCauseReader } from './root-cause-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('evaluations')
@Controller('api/v1/evaluations')
export class DifferencesController {
  constructor(
    private readonly evaluations: EvaluationQueries,
    private readonly differences: DifferenceReader,
    private readonly causes: RootCauseReader,
    private readonly maps: MapReader,
  ) {}

  /** Newly failing, newly succeeding, new, removed and other jobs, against another evaluation. */
  @Get(':id/difference')
  @ApiOperation({ operationId: 'compareEvaluation' })
  @ApiResponse({ status: 200, standardSchema: DifferenceAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async difference(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: DifferenceQuery }) query: DifferenceQuery,
  ): Promise<DifferenceAnswer> {
    return this.differences.read(await this.known(address), query);
  }

  /** All jobs at once, a letter for each: what the page of the map draws. */
  @Get(':id/map')
  @ApiOperation({ operationId: 'mapEvaluation' })
  @ApiResponse({ status: 200, standardSchema: MapAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  map(@Param({ schema: byId }) address: ById): Promise<MapAnswer> {
    return this.maps.whole(id<EvaluationId>(address.id));
  }

  /** Failed builds by how many jobs of the evaluation they keep from succeeding. */
  @Get(':id/root-causes')
  @ApiOperation({ operationId: 'listRootCauses' })
  @ApiResponse({ status: 200, standardSchema: RootCausesAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async rootCauses(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: RootCausesQuery }) { against, limit }: RootCausesQuery,
  ): Promise<RootCausesAnswer> {
    const compared = await this.differences.compare(await this.known(address), against);
    return this.causes.read(compared, limit);
  }

  /** Of an evaluation whose jobs are gone there is nothing to compare. */
  private async known(address: ById): Promise<EvaluationAnswer> {
    const found = await this.evaluations.find(id<EvaluationId>(address.id));
    if (!found || found.prunedAt !== null) throw notFound(`jobs of evaluation ${address.id}`);
    return found;
  }
}
