/** The api process: REST, dashboard and worker gateway on one address. */
import { readSettings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { sentenceOf } from '#std/farm-fault.js';
import { ApiModule } from './api.module.js';
import { measuresOf } from './measures/measures-of.js';
import { openFarm } from './farm/farm-parts.js';
import { prepareApi } from './prepare.js';

try {
  const settings = readSettings(process.env, 8081);
  const parts = await openFarm(settings);
  await startApp({
    name: 'api',
    module: ApiModule.of(parts),
    settings,
    prepare: (app) => prepareApi(app, parts),
    collect: measuresOf,
    besidePage: true,
  });
} catch (error) {
  process.stderr.write(`api: ${sentenceOf(error)}\n`);
  process.exit(1);
}
