/** The evaluator: it polls channels and reads specifications. Apart, since it runs foreign code. */
import { readSettings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { sentenceOf } from '#std/farm-fault.js';
import { EvaluatorModule } from './evaluator.module.js';
import { openEvaluator } from './evaluator-parts.js';

try {
  const settings = readSettings(process.env, 8083);
  const parts = await openEvaluator(settings);
  await startApp({ name: 'evaluator', module: EvaluatorModule.of(parts), settings });
} catch (error) {
  process.stderr.write(`evaluator: ${sentenceOf(error)}\n`);
  process.exit(1);
}
