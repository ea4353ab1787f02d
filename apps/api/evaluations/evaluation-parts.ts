/** What compares evaluations, for the module of the api. */
import { type OnApplicationShutdown, type Provider, Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { AgainstQueries } from '#adapters/postgres/evaluation-difference-choices.js';
import { EvaluationSheets } from '#adapters/postgres/evaluation-difference-sheets.js';
import { RootCauseQueries } from '#adapters/postgres/root-causes.js';
import { DifferenceReader } from './difference-reader.js';
import { DifferencesController } from './differences.controller.js';
import { RootCauseReader } from './root-cause-reader.js';

/** The sheets follow a feed while they are kept; not when nobody is there any more. */
@Injectable()
class SheetsEnd implements OnApplicationShutdown {
  constructor(private readonly sheets: EvaluationSheets) {}

  onApplicationShutdown(): void {
    this.sheets.close();
  }
}

export const evaluationControllers = [DifferencesController];

export const evaluationProviders: Provider[] = [
  {
    provide: EvaluationSheets,
    useFactory: (database: Database) => new EvaluationSheets(database),
    inject: [Database],
  },
  {
    provide: AgainstQueries,
    useFactory: (database: Database) => new AgainstQueries(database),
    inject: [Database],
  },
  {
    provide: RootCauseQueries,
    useFactory: (database: Database) => new RootCauseQueries(database),
    inject: [Database],
  },
  DifferenceReader,
  RootCauseReader,
  SheetsEnd,
];
