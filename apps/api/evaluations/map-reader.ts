/** Reads the map of all jobs of an evaluation, whole or as much of it as a page shows. */
import { Injectable } from '@nestjs/common';
import { jobMap, statusLetters } from '#domain/evaluation-difference/job-map.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import { sheetStatuses } from '#domain/evaluation-difference/standing.js';
import type { EvaluationId } from '#domain/ids.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { MapAnswer } from '#protocol/api/map.js';
import type { MapModel, MapShown, SystemCounts } from '#views/evaluation-map.js';
import { answerOf, DifferenceReader } from './difference-reader.js';
import { soon } from './patience.js';

/** Without scripts a page has so many shapes. */
const shownAtOnce = 1000;

@Injectable()
export class MapReader {
  constructor(private readonly differences: DifferenceReader) {}

  async whole(id: EvaluationId): Promise<MapAnswer> {
    const { newer, difference } = await this.differences.alone(
      await this.differences.evaluation(id),
    );
    const { names, systems } = jobMap(newer.sheet, difference);
    return {
      evaluation: String(id),
      names,
      systems: [...systems],
      letters: { ...statusLetters },
    };
  }

  async page(id: EvaluationId, shown: MapShown): Promise<MapModel> {
    const evaluation = await this.differences.evaluation(id);
    const map = await soon(evaluation, this.part(evaluation, shown));
    return { evaluation, map, shown };
  }

  private async part(evaluation: EvaluationAnswer, shown: MapShown): Promise<MapModel['map']> {
    const alone = await this.differences.alone(evaluation);
    const { items, found, next } = answerOf(evaluation, alone, { ...shown, limit: shownAtOnce });
    return { items, found, next, systems: countsOf(alone.newer.sheet) };
  }
}

function countsOf({ size, systems, statuses, words }: JobSheet): SystemCounts[] {
  const known = words.systems.all();
  const counts = new Int32Array(known.length * sheetStatuses.length);
  for (let row = 0; row < size; row += 1) {
    counts[systems[row]! * sheetStatuses.length + statuses[row]!]! += 1;
  }
  return known
    .map((system, code) => {
      const from = code * sheetStatuses.length;
      const found = sheetStatuses.map((status, at) => [status, counts[from + at]!] as const);
      return { system, jobs: Object.fromEntries(found.filter(([, jobs]) => jobs > 0)) };
    })
    .filter(({ jobs }) => Object.keys(jobs).length > 0)
    .sort((a, b) => (a.system < b.system ? -1 : 1));
}
