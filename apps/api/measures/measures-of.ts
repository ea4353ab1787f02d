/** Asks the farm's measures once the app is made. */
import type { INestApplicationContext } from '@nestjs/common';
import type { Collect } from '#nest/serve-measures.js';
import { FarmMeasures } from './farm-measures.js';

export function measuresOf(app: INestApplicationContext): Collect {
  return () => app.get(FarmMeasures).families();
}
