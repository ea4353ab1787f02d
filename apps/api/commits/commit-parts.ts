/** What tells of commits, requests and how specifications did, for the module of the api. */
import type { Provider } from '@nestjs/common';
import { CommitQueries } from '#adapters/postgres/commit-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { TrendQueries } from '#adapters/postgres/evaluation-difference-trend.js';
import { CommitPagesController } from './commit-pages.controller.js';
import { CommitReader } from './commit-reader.js';
import { CommitsController } from './commits.controller.js';
import { SpecificationPageModels } from '../specifications/specification-page-models.js';
import { SpecificationPagesController } from '../specifications/specification-pages.controller.js';

export const commitControllers = [
  CommitsController,
  CommitPagesController,
  SpecificationPagesController,
];

export const commitProviders: Provider[] = [
  ...[CommitQueries, TrendQueries].map((Part) => ({
    provide: Part,
    useFactory: (database: Database) => new Part(database),
    inject: [Database],
  })),
  CommitReader,
  SpecificationPageModels,
];
