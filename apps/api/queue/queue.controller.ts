/** `/api/v1/queue`: how much waits, where, why, and until when. */
import { Controller, Get } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { QueueAnswer } from '#protocol/api/queue.js';
import { QueueReader } from './queue-reader.js';

@ApiTags('queue')
@Controller('api/v1/queue')
export class QueueController {
  constructor(private readonly queue: QueueReader) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: QueueAnswer })
  count(): Promise<QueueAnswer> {
    return this.queue.read();
  }
}
