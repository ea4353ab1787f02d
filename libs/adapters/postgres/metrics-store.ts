/** Measures the farm and reads what was measured. */
import type { MetricStore } from '#application/ports/metric-store.js';
import type { MetricKind } from '#domain/weather/metrics.js';
import type { MetricAnswer } from '#protocol/api/metric.js';
import type { Database, Row } from './database.js';
import { keptAs, measurements } from './metrics-statements.js';
import { iso } from './reading.js';

/** Of each kind; of days, that is three years. */
const readAtMost = 1000;

interface MetricRow extends Row {
  readonly kind: MetricKind;
  readonly field: string;
  readonly value: number;
  readonly measured_at: Date;
}

export class PostgresMetricStore implements MetricStore {
  constructor(private readonly database: Database) {}

  /** One statement each: what was measured before a fault stays. */
  async measure(): Promise<number> {
    let written = 0;
    for (const measurement of measurements) {
      written += await this.database.execute(keptAs(measurement));
    }
    return written;
  }

  async measuredAgo(): Promise<number | null> {
    const [row] = await this.database.query<{ ago: number | null }>(
      `select extract(epoch from now() - max(measured_at))::float8 * 1000 as ago
         from metrics where kind = 'builds-pending-on-day'`,
    );
    return row?.ago ?? null;
  }

  /** Of each kind, or of one, the newest first. */
  async list(kind: MetricKind | null): Promise<MetricAnswer[]> {
    const rows = await this.database.query<MetricRow>(
      `select m.* from (select distinct kind from metrics) k
        cross join lateral (select * from metrics where kind = k.kind
                             order by measured_at desc, field desc limit ${readAtMost}) m
        where $1::text is null or m.kind = $1`,
      [kind],
    );
    return rows.map(({ kind: of, field, value, measured_at: at }) => {
      return { kind: of, field, value, measuredAt: iso(at) };
    });
  }
}
