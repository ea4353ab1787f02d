/** Restarts and cancels below `/api/v1/builds/ID` and `/api/v1/evaluations/ID`; their intents. */
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { id, type BuildId, type EvaluationId, type IntentId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import {
  BuildWishAnswer,
  CancelBuildRequest,
  IntentAnswer,
  RestartBuildRequest,
  RestartEvaluationRequest,
} from '#protocol/api/wish.js';
import { Requires } from '../access/requires.js';
import { Wishes } from './wishes.js';

const byId = z.object({ id: Id });
type Address = z.infer<typeof byId>;
/** A request without a body asks for what is usual. */
const orNothing = <T extends z.ZodType>(schema: T) => z.preprocess((body) => body ?? {}, schema);
const RestartBuildBody = orNothing(RestartBuildRequest);
const CancelBuildBody = orNothing(CancelBuildRequest);
const RestartEvaluationBody = orNothing(RestartEvaluationRequest);

@ApiTags('builds')
@ApiBearerAuth()
@ApiResponse({ status: 401, standardSchema: Problem })
@ApiResponse({ status: 404, standardSchema: Problem })
@ApiResponse({ status: 409, standardSchema: Problem })
@Controller('api/v1/builds')
export class BuildWishesController {
  constructor(private readonly wishes: Wishes) {}

  @Post(':id/restart')
  @Requires('build.restart', 'build/:id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Schedule it again, and what failed because of it unless mode is only' })
  @ApiResponse({ status: 202, standardSchema: BuildWishAnswer })
  restart(
    @Param({ schema: byId }) address: Address,
    @Body({ schema: RestartBuildBody }) { mode }: RestartBuildRequest,
  ): Promise<BuildWishAnswer> {
    return this.wishes.restartBuild(id<BuildId>(address.id), mode === 'with-failed-dependents');
  }

  @Post(':id/cancel')
  @Requires('build.cancel', 'build/:id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Stop it; refused while several live evaluations need it' })
  @ApiResponse({ status: 202, standardSchema: BuildWishAnswer })
  cancel(
    @Param({ schema: byId }) address: Address,
    @Body({ schema: CancelBuildBody }) { force }: CancelBuildRequest,
  ): Promise<BuildWishAnswer> {
    return this.wishes.cancelBuild(id<BuildId>(address.id), force);
  }

  @Post(':id/bump')
  @Requires('build.bump', 'build/:id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Let it go before all others, with the inputs that it waits for' })
  @ApiResponse({ status: 202, standardSchema: BuildWishAnswer })
  bump(@Param({ schema: byId }) address: Address): Promise<BuildWishAnswer> {
    return this.wishes.bumpBuild(id<BuildId>(address.id));
  }
}

@ApiTags('evaluations')
@ApiBearerAuth()
@ApiResponse({ status: 401, standardSchema: Problem })
@ApiResponse({ status: 404, standardSchema: Problem })
@ApiResponse({ status: 409, standardSchema: Problem })
@Controller('api/v1/evaluations')
export class EvaluationWishesController {
  constructor(private readonly wishes: Wishes) {}

  @Post(':id/restart')
  @Requires('evaluation.restart', 'evaluation/:id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Schedule its failures of one kind again, with what fell with them' })
  @ApiResponse({ status: 202, standardSchema: IntentAnswer })
  restart(
    @Param({ schema: byId }) address: Address,
    @Body({ schema: RestartEvaluationBody }) { failures }: RestartEvaluationRequest,
  ): Promise<IntentAnswer> {
    return this.wishes.restartEvaluation(id<EvaluationId>(address.id), failures);
  }

  @Post(':id/cancel')
  @Requires('evaluation.cancel', 'evaluation/:id')
  @HttpCode(202)
  @ApiOperation({ summary: 'Stop reading it, and cancel what no other live evaluation needs' })
  @ApiResponse({ status: 202, standardSchema: IntentAnswer })
  cancel(@Param({ schema: byId }) address: Address): Promise<IntentAnswer> {
    return this.wishes.cancelEvaluation(id<EvaluationId>(address.id));
  }
}

@ApiTags('builds')
@Controller('api/v1/intents')
export class IntentsController {
  constructor(private readonly wishes: Wishes) {}

  @Get(':id')
  @ApiOperation({ summary: 'How far a restart or cancel of many builds has come' })
  @ApiResponse({ status: 200, standardSchema: IntentAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) address: Address): Promise<IntentAnswer> {
    const found = await this.wishes.find(id<IntentId>(address.id));
    if (!found) throw notFound(`intent ${address.id}`);
    return found;
  }
}
