/** `/api/v1/events`: what changes at the farm, as server-sent events, for pages and programs. */
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventsQuery } from '#protocol/api/events.js';
import { Problem } from '#protocol/api/problem.js';
import { EventStreams } from './event-streams.js';

@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(private readonly streams: EventStreams) {}

  /**
   * Events `hello` (data: `{"missed": […]}`), `news` (data: `{"topics": […]}`) and `beat` (every
   * five seconds). A stream that broke is taken up with Last-Event-ID: the topics that changed
   * meanwhile are the missed ones.
   */
  @Get()
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  @ApiResponse({ status: 200, description: 'The stream', type: String })
  @ApiResponse({ status: 503, standardSchema: Problem })
  listen(
    @Query({ schema: EventsQuery }) query: EventsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    this.streams.admit();
    const header = request.headers['last-event-id'];
    const last = typeof header === 'string' && header !== '' ? header : query.last;
    const headers = reply.getHeaders();
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(headers as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    this.streams.add(reply.raw, { topics: query.topic, last });
  }
}
