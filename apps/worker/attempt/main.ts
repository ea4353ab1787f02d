/**
 * The supervisor of one attempt: a process of its own, in a session of its own, so that the worker
 * agent may die, restart or be upgraded meanwhile. It ends when the build has ended, when it is
 * asked to (SIGTERM), or when nobody has renewed its lease. Whatever the end, result.json is its
 * last word.
 */
import type { AttemptResult } from '#protocol/worker.js';
import { AttemptDirectory } from './attempt-directory.js';
import { killAttempt } from './processes.js';
import { failure, runAttempt } from './run-attempt.js';

const leaseLookMilliseconds = 200;
/** A backend that does not let go when canceled is left behind after this. */
const lettingGoMilliseconds = 2000;

async function supervise(directory: AttemptDirectory): Promise<void> {
  const request = directory.request();
  if (!request || !directory.takeSupervision()) return;
  const stopping = new AbortController();
  let lapsed = false;
  process.on('SIGTERM', () => stopping.abort());
  process.on('SIGINT', () => undefined);
  const leaseWatch = setInterval(() => {
    if (stopping.signal.aborted || !directory.leaseLapsed()) return;
    lapsed = true;
    stopping.abort();
  }, leaseLookMilliseconds);
  if (directory.stop()) stopping.abort();
  const running = runAttempt(request, directory, stopping.signal);
  const result = await Promise.race([running, lettingGo(stopping.signal)]);
  clearInterval(leaseWatch);
  const stopped = stopping.signal.aborted && result?.kind !== 'succeeded';
  killAttempt(directory.path, null);
  directory.writeResult(stopped || !result ? stoppedResult(directory, lapsed) : result);
}

/** Resolves a while after the signal: the backend has had its time. */
function lettingGo(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const wait = (): void => void setTimeout(() => resolve(null), lettingGoMilliseconds);
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait);
  });
}

function stoppedResult(directory: AttemptDirectory, lapsed: boolean): AttemptResult {
  if (lapsed)
    return failure('infrastructure', 'the worker agent was away for longer than the lease');
  const stop = directory.stop();
  if (stop?.kind === 'canceled') return { kind: 'canceled', message: stop.message };
  return failure('handed-back', stop?.message ?? 'the worker machine stops');
}

const directory = new AttemptDirectory(process.argv[2] ?? '');
supervise(directory)
  .catch((thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    directory.writeResult(failure('infrastructure', 'the supervisor of the attempt failed'));
  })
  .finally(() => process.exit(0));
