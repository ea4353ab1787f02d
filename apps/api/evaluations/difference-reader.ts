/** Compares evaluations, by sheets that are kept in memory. */
import { Injectable } from '@nestjs/common';
import { AgainstQueries } from '#adapters/postgres/evaluation-difference-choices.js';
import {
  EvaluationSheets,
  type AskedSheet,
  type KeptSheet,
} from '#adapters/postgres/evaluation-difference-sheets.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { differ, type Difference } from '#domain/evaluation-difference/difference.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import { narrow } from '#domain/evaluation-difference/narrow.js';
import type { EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import {
  againstWords,
  type AgainstChoice,
  type DifferenceAnswer,
  type DifferenceQuery,
  type EvaluationMention,
} from '#protocol/api/difference.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { jobDifferences } from './difference-answers.js';

/** Two evaluations as they stand now. */
export interface Compared {
  readonly newer: KeptSheet;
  readonly older: KeptSheet | null;
  readonly against: EvaluationMention | null;
  readonly difference: Difference;
}

/** Of two sheets at these versions. */
interface Known {
  readonly newer: number;
  readonly older: JobSheet | null;
  readonly olderVersion: number;
  readonly whole: boolean;
  readonly difference: Difference;
}

const bareId = /^[1-9][0-9]{0,15}$/;

@Injectable()
export class DifferenceReader {
  private readonly known = new WeakMap<JobSheet, Known>();

  constructor(
    private readonly sheets: EvaluationSheets,
    private readonly againsts: AgainstQueries,
    private readonly evaluations: EvaluationQueries,
  ) {}

  /** Throws `not-found` also when its jobs are gone: there is nothing to compare then. */
  async evaluation(id: EvaluationId): Promise<EvaluationAnswer> {
    const found = await this.evaluations.find(id);
    if (!found) throw notFound(`evaluation ${id}`);
    if (found.prunedAt !== null) throw notFound(`job left of evaluation ${id}`);
    return found;
  }

  choices(evaluation: EvaluationAnswer): Promise<AgainstChoice[]> {
    return this.againsts.choices(Number(evaluation.id));
  }

  /** Throws the problem `not-found` when there is no such other evaluation. */
  async compare(evaluation: EvaluationAnswer, against?: string): Promise<Compared> {
    const other = await this.other(evaluation, against);
    const asked = [sheetAskedOf(evaluation)];
    if (other) asked.push({ evaluation: Number(other.id), status: 'succeeded' });
    const [newer, older = null] = (await this.sheets.of(asked)) as [KeptSheet, KeptSheet?];
    const whole = evaluation.status === 'succeeded';
    const difference = this.difference(newer.sheet, older?.sheet ?? null, whole);
    return { newer, older, against: other, difference };
  }

  /** The evaluation by itself: nothing of it is new. */
  async alone(evaluation: EvaluationAnswer): Promise<Compared> {
    const [newer] = (await this.sheets.of([sheetAskedOf(evaluation)])) as [KeptSheet];
    const whole = evaluation.status === 'succeeded';
    const difference = this.difference(newer.sheet, null, whole);
    return { newer, older: null, against: null, difference };
  }

  async read(evaluation: EvaluationAnswer, query: DifferenceQuery): Promise<DifferenceAnswer> {
    return answerOf(evaluation, await this.compare(evaluation, query.against), query);
  }

  private async other(
    evaluation: EvaluationAnswer,
    against = 'previous',
  ): Promise<EvaluationMention | null> {
    if ((againstWords as readonly string[]).includes(against)) {
      const choices = await this.choices(evaluation);
      const found = choices.find(({ word }) => word === against);
      if (!found && against !== 'previous') throw notFound(`evaluation of a ${against} before`);
      return found?.evaluation ?? null;
    }
    const found = bareId.test(against)
      ? await this.againsts.byId(Number(against))
      : await this.againsts.newestOf(against);
    if (!found) throw notFound(`evaluation or specification ${against} to compare with`);
    return found;
  }

  private difference(newer: JobSheet, older: JobSheet | null, whole: boolean): Difference {
    const known = this.known.get(newer);
    const olderVersion = older?.version ?? 0;
    if (
      known?.newer === newer.version &&
      known.older === older &&
      known.olderVersion === olderVersion &&
      known.whole === whole
    ) {
      return known.difference;
    }
    const difference = differ(newer, older, whole);
    this.known.set(newer, { newer: newer.version, older, olderVersion, whole, difference });
    return difference;
  }
}

function sheetAskedOf({ id, status }: EvaluationAnswer): AskedSheet {
  return { evaluation: Number(id), status };
}

export function answerOf(
  evaluation: EvaluationAnswer,
  compared: Compared,
  query: DifferenceQuery,
): DifferenceAnswer {
  const { difference, against } = compared;
  const sheets = { newer: compared.newer.sheet, older: compared.older?.sheet ?? null };
  const found = narrow(sheets, difference, query);
  const { items, next } = jobDifferences(sheets, difference, { ...query, rows: found });
  return {
    evaluation: evaluation.id,
    against,
    jobs: difference.jobs,
    succeeded: difference.good,
    waiting: difference.waiting,
    counts: { ...difference.counts, waiting: difference.waiting },
    found: found.length,
    items: [...items],
    next,
  };
}
