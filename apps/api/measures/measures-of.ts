/** Asks the farm's measures, and this process's own, once the app is made. */
import type { INestApplicationContext } from '@nestjs/common';
import type { Collect } from '#nest/serve-measures.js';
import { Gateway } from '../gateway/gateway.js';
import { FarmMeasures } from './farm-measures.js';

export function measuresOf(app: INestApplicationContext): Collect {
  return async () => [app.get(Gateway).measures(), ...(await app.get(FarmMeasures).families())];
}
