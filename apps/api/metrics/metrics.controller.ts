/** `/metrics` for people, `/api/v1/metrics` for programs. */
import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { PostgresMetricStore } from '#adapters/postgres/metrics-store.js';
import { metricKinds } from '#domain/weather/metrics.js';
import { MetricsAnswer } from '#protocol/api/metric.js';
import { metricsPage } from '#views/metrics.js';

const MetricsQuery = z.object({ kind: z.enum(metricKinds).optional() });
type MetricsQuery = z.infer<typeof MetricsQuery>;

@ApiTags('metrics')
@Controller()
export class MetricsController {
  private readonly metrics: PostgresMetricStore;

  constructor(database: Database) {
    this.metrics = new PostgresMetricStore(database);
  }

  /** Once an hour; each kind newest first, at most 1000 values of it. */
  @Get('api/v1/metrics')
  @ApiResponse({ status: 200, standardSchema: MetricsAnswer })
  async list(@Query({ schema: MetricsQuery }) { kind }: MetricsQuery): Promise<MetricsAnswer> {
    return { items: await this.metrics.list(kind ?? null) };
  }

  @Get('metrics')
  @ApiExcludeEndpoint()
  @Header('content-type', 'text/html; charset=utf-8')
  async page(): Promise<string> {
    return metricsPage(await this.metrics.list(null));
  }
}
