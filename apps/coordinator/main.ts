/** The coordinator process. It listens for health alone. */
import { sentenceOf } from '#std/farm-fault.js';
import { readSettings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { openCoordinator } from './coordinator-parts.js';
import { CoordinatorModule } from './coordinator.module.js';

try {
  const settings = readSettings(process.env, 8082);
  const parts = openCoordinator(settings);
  await startApp({ name: 'coordinator', module: CoordinatorModule.of(parts), settings });
} catch (error) {
  process.stderr.write(`coordinator: ${sentenceOf(error)}\n`);
  process.exit(1);
}
