/**
 * Wake-ups and live fan-out between processes. Nothing on the bus is the truth: a message may be
 * lost, and every listener also runs on a tick. Delivery is at most once, in order per publisher.
 */
export interface Bus {
  /** Never throws for a bus that is down: the tick will do. */
  publish(topic: Topic, message: string): Promise<void>;
  /** Resolves once the subscription stands; the answer ends it. */
  subscribe(topic: Topic, listener: (message: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * planner: something that may make a build ready changed (message empty). failures: a build failed
 * and its dependents must hear of it. evaluations: an evaluation waits for an evaluator.
 * specifications: a specification was written or archived (message: its id). intents: a restart or
 * cancel waits to be carried out. weather: a job broke or was mended. collections: garbage is to be
 * collected. worker/ID: a cancel or drain waits for this worker. forges: a forge told something.
 * repositories: a followed repository is to be looked at.
 * planner/ask: a question to the leading planner, answered on planner/answer/REPLY
 * (answer-planner.ts). live/…: for open pages; builds (message: JSON {build,status}; without a
 * build it may be any), evaluations (message: JSON {evaluation,status}), log/KEY (message: size).
 */
export type Topic =
  | 'planner'
  | 'planner/ask'
  | `planner/answer/${string}`
  | 'failures'
  | 'intents'
  | 'weather'
  | 'collections'
  | 'evaluations'
  | 'specifications'
  | 'forges'
  | 'repositories'
  | 'workers'
  | `worker/${number}`
  | 'live/builds'
  | 'live/evaluations'
  | `live/log/${string}`;
