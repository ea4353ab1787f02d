/** Measures the farm once an hour, whoever leads and however often processes start. */
import type { MetricStore } from './ports/metric-store.js';

const hourMilliseconds = 3_600_000;

/** How many values were written; zero when the hour is not over. */
export async function measureFarm(store: MetricStore): Promise<number> {
  const ago = await store.measuredAgo();
  return ago !== null && ago < hourMilliseconds ? 0 : store.measure();
}
