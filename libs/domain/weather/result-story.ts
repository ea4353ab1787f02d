/**
 * What a job's results were around one of its builds: since when it is as it is, and what it was
 * before. Kept are the turns (a job that broke or was mended) and how each job began; results in
 * between were like the turn before them.
 */
export interface ResultOf {
  readonly evaluation: number;
  /** Null where only the evaluation was kept. */
  readonly build: number | null;
}

/** The newest turn up to the evaluation that is looked at. */
export interface LastTurn extends ResultOf {
  readonly succeeded: boolean;
  readonly before: ResultOf | null;
}

export interface FirstResult {
  readonly evaluation: number;
  readonly succeeded: boolean;
}

export interface ResultStory {
  /** The newest success that is known before the failure, or that lasts until now. */
  readonly lastSuccess: ResultOf | null;
  /** Of the failures that last until now; null while it succeeds. */
  readonly firstFailure: ResultOf | null;
  /** The last failure before the successes that last until now. */
  readonly lastFailure: ResultOf | null;
  /** Of the successes that last until now. */
  readonly firstSuccess: ResultOf | null;
}

const nothing: ResultStory = {
  lastSuccess: null,
  firstFailure: null,
  lastFailure: null,
  firstSuccess: null,
};

/**
 * `here` is the build that is looked at, and whether it succeeded; null while it has not ended, or
 * ended without a result of its own.
 */
export function storyOf(
  here: ResultOf & { readonly succeeded: boolean | null },
  turn: LastTurn | null,
  first: FirstResult | null,
): ResultStory {
  const { succeeded, ...own } = here;
  const began = first && { evaluation: first.evaluation, build: null };
  const last = turn ?? (first && { ...first, build: null, before: null });
  if (succeeded === null) return last ? before(last) : nothing;
  if (!last || last.succeeded !== succeeded) {
    // The turn to this result is not told yet: it is the first of its kind.
    const earlier = last && { evaluation: last.evaluation, build: last.build };
    return succeeded
      ? { ...nothing, firstSuccess: own, lastFailure: earlier }
      : { ...nothing, firstFailure: own, lastSuccess: earlier };
  }
  const since = turn ? { evaluation: turn.evaluation, build: turn.build } : began;
  const other = turn?.before ?? null;
  return succeeded
    ? { ...nothing, lastSuccess: own, firstSuccess: since, lastFailure: other }
    : { ...nothing, firstFailure: since, lastSuccess: other };
}

/** Of a build without a result: what the job was last. */
function before(last: LastTurn): ResultStory {
  const at = { evaluation: last.evaluation, build: last.build };
  return last.succeeded
    ? { ...nothing, firstSuccess: at, lastSuccess: at, lastFailure: last.before }
    : { ...nothing, firstFailure: at, lastSuccess: last.before };
}
