/** The coordinator's loop over what became of jobs. */
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import { followWeather } from '#application/follow-weather.js';
import type { Database } from '#adapters/postgres/database.js';
import type { LifecycleLoop } from './lifecycle-loops.js';

/** Pages and notices are behind what has ended by so much. */
const tickMilliseconds = 1000;

export function weatherLoop(database: Database): LifecycleLoop {
  const store = new PostgresWeatherStore(database);
  return {
    name: 'follow-weather',
    tickMilliseconds,
    topic: null,
    async pass(goOn) {
      await followWeather(store, goOn);
      return [];
    },
  };
}
