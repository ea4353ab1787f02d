/** Which log an address means, and whether anything is still added to it. */
import { Injectable } from '@nestjs/common';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import type { LogKey } from '#application/ports/log-store.js';
import { isFinal } from '#domain/build/status.js';
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';

export interface KnownLog {
  /** Null while the build has no attempt: the log is empty then. */
  readonly key: LogKey | null;
  readonly attempt: string | null;
  readonly ended: boolean;
  /** Bytes that were told when it ended: more than there are when it was removed. */
  readonly toldBytes: number;
  /** Of the file that is downloaded. */
  readonly name: string;
}

/** It said something, and nothing of that is kept any more. */
export function isExpired({ ended, toldBytes }: KnownLog, size: number): boolean {
  return ended && size === 0 && toldBytes > 0;
}

@Injectable()
export class LogsOf {
  constructor(
    private readonly builds: BuildQueries,
    private readonly evaluations: EvaluationQueries,
  ) {}

  /** Throws 404 for what there is not. */
  async build(buildId: string, wanted?: string): Promise<KnownLog> {
    const build = id<BuildId>(buildId);
    const standing = await this.builds.standing(build);
    if (!standing) throw notFound(`build ${build}`);
    const final = isFinal(standing.status);
    if (standing.attempt === null && wanted === undefined) {
      return { key: null, attempt: null, ended: final, toldBytes: 0, name: `build-${build}` };
    }
    const attempts = await this.builds.attempts(build);
    const attempt = attempts.find((one) => one.id === (wanted ?? String(standing.attempt)));
    if (!attempt) throw notFound(`attempt ${wanted} of build ${build}`);
    const isUnderWay = attempt.status === 'submitted' || attempt.status === 'started';
    return {
      key: `attempt-${Number(attempt.id)}`,
      attempt: attempt.id,
      ended: final || !isUnderWay,
      toldBytes: attempt.logBytes,
      name: `build-${build}-attempt-${attempt.number}`,
    };
  }

  async evaluation(evaluationId: string): Promise<KnownLog> {
    const found = await this.evaluations.find(id<EvaluationId>(evaluationId));
    if (!found) throw notFound(`evaluation ${evaluationId}`);
    return {
      key: `evaluation-${Number(evaluationId)}`,
      attempt: null,
      ended: found.status !== 'started',
      toldBytes: 0,
      name: `evaluation-${evaluationId}`,
    };
  }
}
