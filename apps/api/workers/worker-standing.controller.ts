/** `/api/v1/workers/ID/…`: pause, drain, resume and remove a worker, with the admin token. */
import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import { id, type WorkerId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { DrainRequest, PauseRequest, WorkerAnswer } from '#protocol/api/worker.js';
import { Requires } from '../access/requires.js';
import { WorkerStanding } from './worker-standing.js';

const byId = z.object({ id: Id });
type Address = z.infer<typeof byId>;

@ApiTags('workers')
@ApiBearerAuth()
@ApiResponse({ status: 404, standardSchema: Problem })
@Controller('api/v1/workers')
export class WorkerStandingController {
  constructor(
    private readonly standing: WorkerStanding,
    private readonly queries: WorkerQueries,
  ) {}

  @Post(':id/pause')
  @Requires('worker.pause', 'worker/:id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give it no new builds, for good or until a time' })
  @ApiResponse({ status: 200, standardSchema: WorkerAnswer })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async pause(
    @Param({ schema: byId }) address: Address,
    @Body({ schema: PauseRequest }) { note, until }: z.infer<typeof PauseRequest>,
  ): Promise<WorkerAnswer> {
    await this.standing.pause(id<WorkerId>(address.id), note, until);
    return this.answer(address);
  }

  @Post(':id/drain')
  @Requires('worker.drain', 'worker/:id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let it end what it builds, and take it out of use' })
  @ApiResponse({ status: 200, standardSchema: WorkerAnswer })
  async drain(
    @Param({ schema: byId }) address: Address,
    @Body({ schema: DrainRequest }) { note }: z.infer<typeof DrainRequest>,
  ): Promise<WorkerAnswer> {
    await this.standing.drain(id<WorkerId>(address.id), note);
    return this.answer(address);
  }

  @Post(':id/resume')
  @Requires('worker.pause', 'worker/:id')
  @HttpCode(200)
  @ApiOperation({ summary: 'End its pause or its drain' })
  @ApiResponse({ status: 200, standardSchema: WorkerAnswer })
  async resume(@Param({ schema: byId }) address: Address): Promise<WorkerAnswer> {
    await this.standing.resume(id<WorkerId>(address.id));
    return this.answer(address);
  }

  @Delete(':id')
  @Requires('worker.remove', 'worker/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Refuse its credential from now on, and give its builds to others' })
  @ApiResponse({ status: 204 })
  async remove(@Param({ schema: byId }) address: Address): Promise<void> {
    await this.standing.remove(id<WorkerId>(address.id));
  }

  private async answer(address: Address): Promise<WorkerAnswer> {
    const found = await this.queries.find(id<WorkerId>(address.id));
    if (!found) throw notFound(`worker ${address.id}`);
    return found;
  }
}
