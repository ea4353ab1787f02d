/** `/api/v1/evaluations/ID/difference` and its root causes: what a packager looks for first. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { id, type EvaluationId } from '#domain/ids.js';
import {
  DifferenceAnswer,
  DifferenceQuery,
  RootCausesAnswer,
  RootCausesQuery,
} from '#protocol/api/difference.js';
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
    const evaluation = await this.differences.evaluation(id<EvaluationId>(address.id));
    return this.differences.read(evaluation, query);
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
    const evaluation = await this.differences.evaluation(id<EvaluationId>(address.id));
    const compared = await this.differences.compare(evaluation, against);
    return this.causes.read(compared, limit);
  }
}
