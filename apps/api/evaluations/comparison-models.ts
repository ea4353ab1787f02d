/** Reads what the page of an evaluation shows of its jobs against another one's. */
import { Injectable } from '@nestjs/common';
import { JobDetailQueries } from '#adapters/postgres/evaluation-difference-details.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { ComparedModel } from '#views/evaluation.js';
import { answerOf, DifferenceReader, type Compared } from './difference-reader.js';
import type { EvaluationPageQuery } from './evaluation-page-query.js';
import { RootCauseReader } from './root-cause-reader.js';

const causesShown = 10;

/** What never changes of a sheet. */
type SheetFacts = Pick<ComparedModel['jobs'], 'systems' | 'maintained'>;

@Injectable()
export class ComparisonModels {
  private readonly facts = new WeakMap<JobSheet, SheetFacts>();

  constructor(
    private readonly differences: DifferenceReader,
    private readonly causes: RootCauseReader,
    private readonly details: JobDetailQueries,
  ) {}

  async of(evaluation: EvaluationAnswer, query: EvaluationPageQuery): Promise<ComparedModel> {
    const [compared, choices] = await Promise.all([
      this.differences.compare(evaluation, query.compare),
      this.differences.choices(evaluation),
    ]);
    const kind = query.kind ?? kindToShow(compared, query);
    const asked = { ...query, kind: kind === 'all' ? undefined : kind };
    const difference = answerOf(evaluation, compared, asked);
    const { sheet } = compared.newer;
    const of = kind === 'removed' ? Number(difference.against?.id ?? 0) : sheet.evaluation;
    const ids = difference.items.map(({ id }) => id);
    const [details, causes] = await Promise.all([
      this.details.of(of, ids),
      this.causes.read(compared, causesShown),
    ]);
    const { limit: _, ...shown } = query;
    return {
      jobs: {
        ...{ difference, details, choices, shown: { ...shown, kind } },
        whole: evaluation.status === 'succeeded',
        ...this.factsOf(sheet),
      },
      causes,
    };
  }

  private factsOf(sheet: JobSheet): SheetFacts {
    let facts = this.facts.get(sheet);
    if (!facts) this.facts.set(sheet, (facts = factsOf(sheet)));
    return facts;
  }
}

function factsOf({ systems, maintainers, words }: JobSheet): SheetFacts {
  return {
    systems: [...new Set(systems)]
      .map((code) => words.systems.word(code))
      .filter((system) => system !== '')
      .sort(),
    maintained: maintainers.some((code) => code !== 0),
  };
}

/** Who asks for nothing wants to know what broke. */
function kindToShow(
  { difference: { counts } }: Compared,
  { status, reason, system, name, maintainer, cursor }: EvaluationPageQuery,
): 'newly-failing' | 'all' {
  const asks = status ?? reason ?? system ?? name ?? maintainer ?? cursor;
  return asks === undefined && counts['newly-failing'] > 0 ? 'newly-failing' : 'all';
}
