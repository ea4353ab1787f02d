/** The coordinator's loops over what became of jobs, and over what is measured of the farm. */
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import { PostgresMetricStore } from '#adapters/postgres/metrics-store.js';
import { followWeather } from '#application/follow-weather.js';
import { measureFarm } from '#application/measure-farm.js';
import type { Bus } from '#application/ports/bus.js';
import type { Database } from '#adapters/postgres/database.js';
import type { LifecycleLoop } from './lifecycle-loops.js';

export interface WeatherParts {
  readonly database: Database;
  readonly bus: Bus;
}

/** Pages and notices are behind what has ended by so much. */
const tickMilliseconds = 1000;

export function weatherLoop({ database, bus }: WeatherParts): LifecycleLoop {
  const store = new PostgresWeatherStore(database);
  return {
    name: 'follow-weather',
    tickMilliseconds,
    topic: null,
    async pass(goOn) {
      const { turned } = await followWeather(store, goOn);
      if (turned > 0) await bus.publish('weather', '');
      return [];
    },
  };
}

/** The hour is kept in Postgres; looking whether it is over costs nothing. */
const lookMilliseconds = 60_000;

export function metricsLoop(database: Database): LifecycleLoop {
  const store = new PostgresMetricStore(database);
  return {
    name: 'measure-farm',
    tickMilliseconds: lookMilliseconds,
    topic: null,
    async pass() {
      await measureFarm(store);
      return [];
    },
  };
}
