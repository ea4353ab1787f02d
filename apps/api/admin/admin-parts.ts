/** The pages below /admin and what they are made of. */
import type { Provider, Type } from '@nestjs/common';
import { AdminAuditController } from './audit.controller.js';
import { CarefulForms } from './careful-forms.js';
import { AdminBuildsController } from './builds.controller.js';
import { AdminEvaluationsController } from './evaluations.controller.js';
import { AdminForgesController } from './forges.controller.js';
import { AdminGarbageController } from './garbage.controller.js';
import { AdminHomeController, FarmFactsReader } from './home.controller.js';
import { AdminNotificationsController } from './notifications.controller.js';
import { AdminRepositoriesController } from './repositories.controller.js';
import { AdminSettingsController } from './settings.controller.js';
import { SpecificationDesk } from './specification-desk.js';
import { AdminSpecificationsController } from './specifications.controller.js';
import { AdminStoresController } from './stores.controller.js';
import { AdminTokensController } from './tokens.controller.js';
import { WorkerWishes } from './worker-wishes.js';
import { AdminWorkersController } from './workers.controller.js';

export const adminControllers: Type[] = [
  AdminHomeController,
  AdminSpecificationsController,
  AdminRepositoriesController,
  AdminEvaluationsController,
  AdminBuildsController,
  AdminWorkersController,
  AdminStoresController,
  AdminGarbageController,
  AdminForgesController,
  AdminNotificationsController,
  AdminTokensController,
  AdminAuditController,
  AdminSettingsController,
];

export const adminProviders: Provider[] = [
  CarefulForms,
  FarmFactsReader,
  SpecificationDesk,
  WorkerWishes,
];
