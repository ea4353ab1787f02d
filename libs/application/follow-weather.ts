/**
 * Keeps weather and counts behind the truth by no more than the tick of its loop: what a completion
 * wrote down is taken in here, in batches, so that completions need not wait for it.
 */
import type { Weighed, WeatherStore } from './ports/weather-store.js';

/** `goOn` is asked between batches. */
export async function followWeather(store: WeatherStore, goOn: () => boolean): Promise<Weighed> {
  const all = { builds: 0, evaluations: 0, turned: 0 };
  while (goOn()) {
    const { builds, evaluations, turned } = await store.weigh();
    if (builds === 0 && evaluations === 0) break;
    all.builds += builds;
    all.evaluations += evaluations;
    all.turned += turned;
  }
  return all;
}
