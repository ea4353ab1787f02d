/** Reads the map of all jobs of an evaluation, whole or as much of it as a page shows. */
import { Injectable } from '@nestjs/common';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { jobMap, statusLetters } from '#domain/evaluation-difference/job-map.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import { sheetStatuses } from '#domain/evaluation-difference/standing.js';
import type { EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import type { EvaluationAnswer, JobStatus } from '#protocol/api/evaluation.js';
import type { MapAnswer } from '#protocol/api/map.js';
import type { MapModel, MapShown, SystemCounts } from '#views/evaluation-map.js';
import { answerOf, DifferenceReader } from './difference-reader.js';
import { soon } from './patience.js';

/** Without scripts a page has so many shapes. */
const shownAtOnce = 1000;

@Injectable()
export class MapReader {
  constructor(
    private readonly evaluations: EvaluationQueries,
    private readonly differences: DifferenceReader,
  ) {}

  async whole(id: EvaluationId): Promise<MapAnswer> {
    const { newer, difference } = await this.differences.alone(await this.known(id));
    const { names, systems } = jobMap(newer.sheet, difference);
    return {
      evaluation: String(id),
      names,
      systems: [...systems],
      letters: { ...statusLetters },
    };
  }

  async page(id: EvaluationId, shown: MapShown): Promise<MapModel> {
    const evaluation = await this.known(id);
    const map = await soon(evaluation, this.part(evaluation, shown));
    return { evaluation, map, shown };
  }

  private async part(evaluation: EvaluationAnswer, shown: MapShown): Promise<MapModel['map']> {
    const alone = await this.differences.alone(evaluation);
    const { items, found, next } = answerOf(evaluation, alone, { ...shown, limit: shownAtOnce });
    return { items, found, next, systems: countsOf(alone.newer.sheet) };
  }

  private async known(id: EvaluationId): Promise<EvaluationAnswer> {
    const found = await this.evaluations.find(id);
    if (!found || found.prunedAt !== null) throw notFound(`jobs of evaluation ${id}`);
    return found;
  }
}

function countsOf({ size, systems, statuses, words }: JobSheet): SystemCounts[] {
  const counts = new Map<number, Partial<Record<JobStatus, number>>>();
  for (let row = 0; row < size; row += 1) {
    const system = systems[row]!;
    let jobs = counts.get(system);
    if (!jobs) counts.set(system, (jobs = {}));
    const status = sheetStatuses[statuses[row]!]!;
    jobs[status] = (jobs[status] ?? 0) + 1;
  }
  return [...counts]
    .map(([code, jobs]) => ({ system: words.systems.word(code), jobs }))
    .sort((a, b) => (a.system < b.system ? -1 : 1));
}
