/** What compares evaluations, for the module of the api. */
import { type OnApplicationShutdown, type Provider, Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { AgainstQueries } from '#adapters/postgres/evaluation-difference-choices.js';
import { JobDetailQueries } from '#adapters/postgres/evaluation-difference-details.js';
import { EvaluationSheets } from '#adapters/postgres/evaluation-difference-sheets.js';
import { RootCauseQueries } from '#adapters/postgres/root-causes.js';
import { ComparisonModels } from './comparison-models.js';
import { DifferenceReader } from './difference-reader.js';
import { DifferencesController } from './differences.controller.js';
import { EvaluationPageModels } from './evaluation-page-models.js';
import { EvaluationPagesController } from './evaluation-pages.controller.js';
import { MapReader } from './map-reader.js';
import { RootCauseReader } from './root-cause-reader.js';

/** The sheets follow a feed while they are kept; not when nobody is there any more. */
@Injectable()
class SheetsEnd implements OnApplicationShutdown {
  constructor(private readonly sheets: EvaluationSheets) {}

  onApplicationShutdown(): void {
    this.sheets.close();
  }
}

export const evaluationControllers = [DifferencesController, EvaluationPagesController];

export const evaluationProviders: Provider[] = [
  ...[EvaluationSheets, AgainstQueries, RootCauseQueries, JobDetailQueries].map((Part) => ({
    provide: Part,
    useFactory: (database: Database) => new Part(database),
    inject: [Database],
  })),
  ComparisonModels,
  MapReader,
  DifferenceReader,
  EvaluationPageModels,
  RootCauseReader,
  SheetsEnd,
];
