/** Puts together what the API and the page of a build tell. */
import { Injectable } from '@nestjs/common';
import { BuildQueries, type BuildDetail } from '#adapters/postgres/build-queries.js';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import { ProductQueries } from '#adapters/postgres/product-queries.js';
import { resolveLimits } from '#domain/build/limits.js';
import {
  failureReasons,
  savedReasons,
  type FailureReason,
  type SavedReason,
} from '#domain/build/reason.js';
import { isFinal } from '#domain/build/status.js';
import { id, type BuildId } from '#domain/ids.js';
import type { AttemptAnswer, BuildAnswer } from '#protocol/api/build.js';
import { WaitReader } from './wait-reader.js';

const neighboursAtMost = 100;
const jobsAtMost = 20;

@Injectable()
export class BuildReader {
  constructor(
    private readonly queries: BuildQueries,
    private readonly neighbours: NeighbourQueries,
    private readonly products: ProductQueries,
    private readonly waits: WaitReader,
  ) {}

  async find(build: BuildId): Promise<BuildAnswer | null> {
    const detail = await this.queries.find(build);
    if (!detail) return null;
    const [attempts, outputs, products, ...around] = await Promise.all([
      this.queries.attempts(build),
      this.queries.outputs(build),
      this.products.ofBuild(build),
      this.neighbours.first(build, 'inputs', neighboursAtMost),
      this.neighbours.first(build, 'dependents', neighboursAtMost),
      this.queries.jobsOf(build, jobsAtMost),
      detail.failedInput === null ? null : this.neighbours.summary(detail.failedInput),
      isFinal(detail.status) ? null : this.waits.of(id<BuildId>(detail.id)),
    ]);
    const [inputs, dependents, jobs, failedInput, waiting] = around;
    return {
      ...ownParts(detail, attempts),
      attempts,
      outputs,
      products,
      nondeterministic: outputs.some((output) => output.differing.length > 0),
      inputs,
      dependents,
      jobs,
      failedInput,
      wait: waiting?.wait ?? null,
      estimate: waiting?.estimate ?? null,
      log: `/api/v1/builds/${build}/log`,
    };
  }
}

function ownParts(detail: BuildDetail, attempts: readonly AttemptAnswer[]) {
  const last = isFinal(detail.status) ? attempts.at(-1) : undefined;
  const { failedInput: _, timeoutSeconds, maxSilentSeconds, ...rest } = detail;
  return {
    ...rest,
    requiredFeatures: [...detail.requiredFeatures],
    derivation: `${detail.store.dir}/${detail.derivation}`,
    sentence: sentenceOfReason(detail.reason),
    message: last?.message ?? null,
    limits: resolveLimits(
      {
        timeoutSeconds: timeoutSeconds ?? undefined,
        maxSilentSeconds: maxSilentSeconds ?? undefined,
      },
      {},
    ),
  };
}

function sentenceOfReason(reason: string | null): string | null {
  if (reason === null) return null;
  if (Object.hasOwn(savedReasons, reason)) return savedReasons[reason as SavedReason];
  if (!Object.hasOwn(failureReasons, reason)) return null;
  return failureReasons[reason as FailureReason].sentence;
}
