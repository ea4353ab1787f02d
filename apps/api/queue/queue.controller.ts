/** `/api/v1/queue`: how much waits, where, and why. */
import { Controller, Get } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { QueueAnswer } from '#protocol/api/worker.js';
import { QueueCounts } from './queue-counts.js';

@ApiTags('queue')
@Controller('api/v1/queue')
export class QueueController {
  constructor(private readonly queue: QueueCounts) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: QueueAnswer })
  count(): Promise<QueueAnswer> {
    return this.queue.read();
  }
}
