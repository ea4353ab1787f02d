/**
 * The second half of a build: the daemon builds one derivation, with no substitutes, and its trace
 * is read. The daemon keeps the limits of time and silence; we keep them too, a little later, and
 * the limit of the log.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { RealiseEvent, RealiseRequest } from '#application/ports/backend.js';
import type { Derivation } from '#formats/derivation.js';
import { endedByUs, type Failed } from '../../realise/end-words.js';
import { watchLimits, type LimitsWatch, type Outlasted } from '../../realise/limits-watch.js';
import { LogRoom } from '../../realise/log-room.js';
import { classify, isCached } from './build-end.js';
import { BuildLog } from './build-log.js';
import type { Answer } from './daemon-connection.js';
import type { GuixDaemon } from './guix-daemon.js';

export interface BuildCall {
  readonly daemon: GuixDaemon;
  readonly derivation: Derivation;
  readonly request: RealiseRequest;
  readonly cancellation: Cancellation;
}

/** How much later than the daemon we end a build that it should have ended. */
const later = 15_000;
/** What a build may wait for another of the same outputs, or for the daemon. */
const longestWait = { timeoutSeconds: 24 * 3600, maxSilentSeconds: 24 * 3600 };

type Stopped = Outlasted | 'log-limit';

/** Null when the outputs are there. */
export async function* runBuild(call: BuildCall): AsyncGenerator<RealiseEvent, Failed | null> {
  const outputs = call.derivation.outputs.map(({ path }) => path);
  const first = yield* buildOnce(call);
  if (!first.cached) return first.failed;
  // A daemon with --cache-failures stands in the way of every restart: it is told to forget.
  await call.daemon.clearFailed(outputs);
  yield { kind: 'log', bytes: Buffer.from(`${clearedSentence}\n`) };
  return (yield* buildOnce(call)).failed;
}

const clearedSentence =
  'gambeson: guix-daemon remembered that this failed before (--cache-failures); builds it again.';

interface Once {
  readonly failed: Failed | null;
  readonly cached: boolean;
}

async function* buildOnce(call: BuildCall): AsyncGenerator<RealiseEvent, Once> {
  const { daemon, request, cancellation } = call;
  const log = new BuildLog(request.derivation);
  const room = new LogRoom(request.maxLogBytes);
  const building = daemon.make([request.derivation], settingsOf(request));
  const guard = new Guard(request, cancellation, () => daemon.close());
  let heardAt = performance.now();
  try {
    if (guard.stopped !== null) return ended(guard.stopped);
    for (;;) {
      const step = await building.next().catch((thrown: unknown) => guard.explain(thrown));
      if (step === 'stopped' || guard.stopped !== null) return ended(guard.stopped);
      if (step.done) {
        const quiet = performance.now() - heardAt >= request.limits.maxSilentSeconds * 900;
        return answered(call, log, { answer: step.value, quiet });
      }
      for (const event of log.take(step.value)) {
        heardAt = performance.now();
        guard.heard(event.kind === 'started');
        const bytes = event.kind === 'log' ? room.take(event.bytes) : null;
        if (event.kind === 'started') yield event;
        else if (bytes) yield { kind: 'log', bytes };
      }
      if (room.over) guard.stop('log-limit');
      if (log.foreign !== null) return rebuilt(log.foreign);
    }
  } finally {
    guard.end();
    // A build that nobody listens to any more ends with its connection.
    await building.return(undefined as never).catch(() => undefined);
  }
}

function settingsOf({ limits, cores }: RealiseRequest): Parameters<GuixDaemon['make']>[1] {
  return { substituteUrls: [], maxJobs: 1, cores, ...limits };
}

function answered(
  { request }: BuildCall,
  log: BuildLog,
  { answer, quiet }: { readonly answer: Answer<void>; readonly quiet: boolean },
): Once {
  if (answer.ok) return { failed: null, cached: false };
  const { words, failure, phase } = log;
  const { status, message } = answer;
  const { derivation } = request;
  const end = { status, message, words, failure, phase, quiet, derivation };
  return { failed: classify(end), cached: isCached(end) };
}

/** All inputs were there when it began: what the daemon builds again now, it must not. */
function rebuilt(derivation: string): Once {
  const message = `The input ${derivation} is not here any more, and the daemon began to build it.`;
  return { failed: { kind: 'failed', reason: 'input-missing', message }, cached: false };
}

function ended(stopped: Stopped | null): Once {
  if (stopped === 'canceled' || stopped === null) {
    throw new FarmFault('canceled', 'the build was canceled', 'never');
  }
  return { failed: endedByUs(stopped), cached: false };
}

/** Watches over one build, and ends it by leaving the daemon. */
class Guard {
  #watch: LimitsWatch;
  #stopped: Stopped | null = null;

  constructor(
    private readonly request: RealiseRequest,
    private readonly cancellation: Cancellation,
    private readonly leave: () => void,
  ) {
    this.#watch = this.#over(longestWait);
  }

  get stopped(): Stopped | null {
    return this.#stopped;
  }

  stop(reason: Stopped): void {
    this.#stopped ??= reason;
    this.leave();
  }

  /** The limits are those of the builder, which begins when the daemon says so. */
  heard(begins: boolean): void {
    if (begins) {
      this.#watch.end();
      this.#watch = this.#over(this.request.limits);
    }
    this.#watch.heard();
  }

  /** A connection that we left is no fault of the daemon's. */
  explain(thrown: unknown): 'stopped' {
    if (this.#stopped === null) throw thrown;
    return 'stopped';
  }

  end(): void {
    this.#watch.end();
  }

  #over(limits: RealiseRequest['limits']): LimitsWatch {
    const { cancellation } = this;
    return watchLimits({ limits, cancellation, later }, (reason) => this.stop(reason));
  }
}
