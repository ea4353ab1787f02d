/** The page of one worker. */
import { Controller, Get, Header, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import { id, type WorkerId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { workerPage } from '#views/worker.js';
import { Notices } from '../pages/notices.js';

const byName = z.object({ name: z.string().max(255) });
const attemptsAtMost = 50;

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller('workers')
export class WorkerPageController {
  constructor(private readonly workers: WorkerQueries) {}

  @Get(':name')
  @Header('content-type', 'text/html; charset=utf-8')
  async page(@Param({ schema: byName }) { name }: z.infer<typeof byName>): Promise<string> {
    const worker = await this.workers.named(name);
    if (!worker) throw notFound(`worker ${name}`);
    const attempts = await this.workers.attempts(id<WorkerId>(worker.id), attemptsAtMost);
    return workerPage({ worker, attempts, now: new Date() });
  }
}
