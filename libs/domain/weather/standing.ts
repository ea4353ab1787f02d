/**
 * How a job of a specification stands, as its results come in: the model that the coordinator's SQL
 * follows, and is tried against. Results come in any order; what a newer evaluation has overtaken
 * changes nothing, and a build that is restarted may turn in the evaluation that it stands in.
 */
export interface JobResult {
  readonly evaluation: number;
  readonly build: number;
  readonly succeeded: boolean;
}

export interface JobStanding extends JobResult {
  readonly first: Pick<JobResult, 'evaluation' | 'succeeded'>;
}

/** A job that broke or was mended, and what it was before. */
export interface Turn extends JobResult {
  readonly reference: Pick<JobResult, 'evaluation' | 'build'>;
}

export interface Followed {
  readonly standing: JobStanding | null;
  readonly turns: readonly Turn[];
}

/** `results` are one for each evaluation, as they are known now. */
export function followResults(
  standing: JobStanding | null,
  results: readonly JobResult[],
): Followed {
  const turns: Turn[] = [];
  for (const result of results.toSorted((a, b) => a.evaluation - b.evaluation)) {
    if (standing && result.evaluation < standing.evaluation) continue;
    if (standing && standing.succeeded !== result.succeeded) {
      const { evaluation, build } = standing;
      turns.push({ ...result, reference: { evaluation, build } });
    }
    const { evaluation, succeeded } = result;
    standing = { ...result, first: standing?.first ?? { evaluation, succeeded } };
  }
  return { standing, turns };
}
