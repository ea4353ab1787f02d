/** All that serves Cuirass's API, for the api's module. */
import { SearchController } from '../search/search.controller.js';
import { CuirassAdminSpecificationsController } from './admin-specifications.controller.js';
import { CuirassAdminController } from './admin.controller.js';
import { CuirassBuildsController } from './builds.controller.js';
import { CuirassReader } from './cuirass-reader.js';
import { CuirassDashboardsController } from './dashboards.controller.js';
import { CuirassEvaluationsController } from './evaluations.controller.js';
import { CuirassFeedsController } from './feeds.controller.js';
import { HookController } from './hook.controller.js';
import { CuirassListsController } from './lists.controller.js';
import { CuirassPagesController } from './pages.controller.js';
import { RawLogs } from './raw-logs.js';
import { CuirassSpecificationsController } from './specifications.controller.js';

export const cuirassControllers = [
  CuirassListsController,
  CuirassBuildsController,
  CuirassEvaluationsController,
  CuirassSpecificationsController,
  CuirassDashboardsController,
  CuirassFeedsController,
  CuirassPagesController,
  CuirassAdminController,
  CuirassAdminSpecificationsController,
  HookController,
  SearchController,
];

export const cuirassProviders = [CuirassReader, RawLogs];
