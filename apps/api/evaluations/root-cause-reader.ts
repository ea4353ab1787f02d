/** Which failed builds keep the jobs of an evaluation from succeeding. */
import { Injectable } from '@nestjs/common';
import { EvaluationSheets } from '#adapters/postgres/evaluation-difference-sheets.js';
import { RootCauseQueries } from '#adapters/postgres/root-causes.js';
import { differenceKinds, type Difference } from '#domain/evaluation-difference/difference.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import {
  foreignInputs,
  rootCauses,
  type RootCause as Found,
} from '#domain/evaluation-difference/root-causes.js';
import { statusCode } from '#domain/evaluation-difference/standing.js';
import type { BuildSummary } from '#protocol/api/build.js';
import type { RootCause, RootCausesAnswer } from '#protocol/api/difference.js';
import { buildAt } from './difference-answers.js';
import type { Compared } from './difference-reader.js';

const examplesAtMost = 5;
const failed = statusCode('failed');
const error = statusCode('error');
const newlyFailing = differenceKinds.indexOf('newly-failing');

@Injectable()
export class RootCauseReader {
  private readonly known = new WeakMap<JobSheet, { version: number; causes: readonly Found[] }>();

  constructor(
    private readonly sheets: EvaluationSheets,
    private readonly builds: RootCauseQueries,
  ) {}

  async read(compared: Compared, limit: number): Promise<RootCausesAnswer> {
    const { sheet } = compared.newer;
    const causes = await this.causes(compared);
    const shown = causes.slice(0, limit);
    const named = await this.builds.summaries(shown.map(({ build }) => build));
    return {
      evaluation: String(sheet.evaluation),
      found: causes.filter(({ build }) => build !== 0).length,
      ...reasonsOf(sheet),
      items: shown.map((cause) => causeOf(cause, compared, named.get(cause.build))),
    };
  }

  private async causes({ newer }: Compared): Promise<readonly Found[]> {
    const { sheet, places } = newer;
    const known = this.known.get(sheet);
    if (known?.version === sheet.version) return known.causes;
    const inputs = foreignInputs(sheet, (build) => places.has(build));
    const { version } = sheet;
    const causes = rootCauses(sheet, await this.sheets.linksOf(newer, inputs));
    this.known.set(sheet, { version, causes });
    return causes;
  }
}

function reasonsOf(sheet: JobSheet): Pick<RootCausesAnswer, 'reasons' | 'errors'> {
  const reasons = new Map<string, number>();
  let errors = 0;
  for (let row = 0; row < sheet.size; row += 1) {
    if (sheet.statuses[row] === error) errors += 1;
    if (sheet.statuses[row] !== failed) continue;
    const reason = sheet.words.reasons.word(sheet.reasons[row]!);
    if (reason !== '') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const ranked = [...reasons].sort((a, b) => b[1] - a[1]);
  return { errors, reasons: ranked.map(([reason, jobs]) => ({ reason, jobs })) };
}

function causeOf(
  cause: Found,
  { newer: { sheet }, difference }: Compared,
  build: BuildSummary | undefined,
): RootCause {
  const rows = cause.row === -1 ? cause.blocked : [cause.row, ...cause.blocked];
  return {
    build: build
      ? {
          id: build.id,
          name: build.name,
          system: build.system,
          status: build.status,
          reason: build.reason,
        }
      : null,
    blocks: cause.blocked.length,
    newlyFailing: countNewly(difference, rows),
    examples: cause.blocked.slice(0, examplesAtMost).map((row) => ({
      name: sheet.words.names.word(sheet.names[row]!),
      system: sheet.words.systems.word(sheet.systems[row]!),
      build: buildAt(sheet, row),
    })),
  };
}

function countNewly({ kinds }: Difference, rows: readonly number[]): number {
  return rows.filter((row) => kinds[row] === newlyFailing).length;
}
