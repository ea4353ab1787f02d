/**
 * `/api/v1/workers`: who builds, what it can, and what it builds now. Enrolment is the gateway's.
 */
import { Controller, Get, Param } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import { id, type WorkerId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { WorkerAnswer, WorkerAttempt } from '#protocol/api/worker.js';

const WorkerList = z.object({ items: z.array(WorkerAnswer) });
const AttemptList = z.object({ items: z.array(WorkerAttempt) });
const attemptsAtMost = 100;
const byId = z.object({ id: Id });

@ApiTags('workers')
@Controller('api/v1/workers')
export class WorkersController {
  constructor(private readonly queries: WorkerQueries) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: WorkerList })
  async list(): Promise<z.infer<typeof WorkerList>> {
    return { items: await this.queries.list() };
  }

  @Get(':id')
  @ApiResponse({ status: 200, standardSchema: WorkerAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) address: z.infer<typeof byId>): Promise<WorkerAnswer> {
    const found = await this.queries.find(id<WorkerId>(address.id));
    if (!found) throw notFound(`worker ${address.id}`);
    return found;
  }

  /** What it tried last, the newest first. */
  @Get(':id/attempts')
  @ApiResponse({ status: 200, standardSchema: AttemptList })
  async attempts(
    @Param({ schema: byId }) address: z.infer<typeof byId>,
  ): Promise<z.infer<typeof AttemptList>> {
    return { items: await this.queries.attempts(id<WorkerId>(address.id), attemptsAtMost) };
  }
}
