/**
 * The world failed us: a disk, a socket, a child process, a database. Adapters throw this at the
 * place that knows the path, host or command; every edge (HTTP, exit status, attempt) maps it once.
 */
export type FarmFaultCode =
  | 'database-unavailable'
  | 'redis-unavailable'
  | 'disk-full'
  | 'file-unreadable'
  | 'fetch-failed'
  | 'unknown-branch'
  | 'unknown-revision'
  | 'evaluator-failed'
  | 'evaluation-timed-out'
  | 'evaluation-out-of-memory'
  | 'sandbox-unavailable'
  | 'program-missing'
  | 'program-failed'
  | 'substituter-unavailable'
  | 'upload-refused'
  | 'input-missing'
  | 'corrupt-data'
  | 'canceled'
  | 'misconfigured';

export type Retry = 'now' | 'later' | 'never';

export class FarmFault extends Error {
  override readonly name = 'FarmFault';

  /** `message` is public: it names the thing that failed, never a secret. */
  constructor(
    readonly code: FarmFaultCode,
    message: string,
    readonly retry: Retry = 'later',
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The sentence of an unknown thrown value, for logs and messages. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
