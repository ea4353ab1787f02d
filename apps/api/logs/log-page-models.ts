/** Reads what the page of a log shows. */
import { Injectable } from '@nestjs/common';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { LogFound, LogLine, LogLines, LogSearchQuery } from '#protocol/api/log.js';
import {
  pageLines,
  tailLinesAtMost,
  type LogPageModel,
  type LogSearched,
} from '#views/log-page.js';
import { LogLibrary } from './log-library.js';
import { LogsOf, type KnownLog } from './logs-of.js';

export interface LogPageQuery {
  readonly attempt?: string | undefined;
  readonly from?: number | undefined;
  readonly q?: string | undefined;
  readonly regex: 'true' | 'false';
  readonly case: 'true' | 'false';
}

/** Lines of a search that are shown without scripts. */
const listedHits = 100;

type Read = Pick<LogPageModel, 'log' | 'phases' | 'from' | 'searched'>;

@Injectable()
export class LogPageModels {
  constructor(
    private readonly builds: BuildQueries,
    private readonly evaluations: EvaluationQueries,
    private readonly of: LogsOf,
    private readonly library: LogLibrary,
  ) {}

  async build(buildId: string, query: LogPageQuery): Promise<LogPageModel> {
    const build = id<BuildId>(buildId);
    const [log, attempts, summary] = await Promise.all([
      this.of.build(buildId, query.attempt),
      this.builds.attempts(build),
      this.builds.find(build),
    ]);
    if (!summary) throw notFound(`build ${build}`);
    const { name, status, reason } = summary;
    return {
      ...{ kind: 'builds', id: buildId, name, status, reason, attempts },
      ...(await this.read(log, query)),
    };
  }

  async evaluation(evaluationId: string, query: LogPageQuery): Promise<LogPageModel> {
    const evaluation = id<EvaluationId>(evaluationId);
    const [log, found] = await Promise.all([
      this.of.evaluation(evaluationId),
      this.evaluations.find(evaluation),
    ]);
    if (!found) throw notFound(`evaluation ${evaluation}`);
    return {
      ...{ kind: 'evaluations', id: evaluationId, name: found.specification.name },
      ...{ status: found.status, reason: null, attempts: [] },
      ...(await this.read(log, query)),
    };
  }

  private async read(log: KnownLog, query: LogPageQuery): Promise<Read> {
    const { from, q } = query;
    this.library.expectSearch();
    const [lines, phases, searched] = await Promise.all([
      this.lines(log, from),
      this.library.phasesIfKnown(log),
      q === undefined ? null : this.searched(log, { ...query, q }),
    ]);
    return { log: lines, phases, from: from ?? null, searched };
  }

  /** Whoever asks for a line behind the end is shown the end. */
  private async lines(log: KnownLog, from: number | undefined): Promise<LogLines> {
    const wanted = { from, limit: pageLines, looks: 'true' } as const;
    const read = from === undefined ? null : await this.library.lines(log, wanted);
    if (read !== null && (from ?? 1) <= read.total) return read;
    return this.library.lines(log, { ...wanted, from: undefined, limit: tailLinesAtMost });
  }

  private async searched(
    log: KnownLog,
    query: LogPageQuery & { readonly q: string },
  ): Promise<LogSearched> {
    const { q, regex, case: isCase } = query;
    const words = { q, regex: regex === 'true', case: isCase === 'true' };
    try {
      const asked: LogSearchQuery = { ...query, attempt: undefined, cursor: 0, limit: listedHits };
      const found = await this.library.search(log, asked);
      return { ...words, found, lines: await this.hits(log, found) };
    } catch (error) {
      if (!(error instanceof ProblemException)) throw error;
      return { ...words, found: error.refusal.detail, lines: [] };
    }
  }

  private async hits(log: KnownLog, { lines }: LogFound): Promise<LogLine[]> {
    const read = lines.map((from) => this.library.lines(log, { from, limit: 1, looks: 'false' }));
    return (await Promise.all(read)).flatMap((one) => one.lines);
  }
}
