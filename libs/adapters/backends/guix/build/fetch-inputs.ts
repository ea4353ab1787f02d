/**
 * Brings paths from the farm into the worker's store by the daemon's own substitutes, so that a
 * worker never builds again what the farm has built: only outputs and sources are asked for, never
 * derivations, and those a daemon cannot build. What is missing then is the farm's fault.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { SubstituteServer } from '#application/ports/backend.js';
import type { Failed } from '../../realise/end-words.js';
import { watchLimits } from '../../realise/limits-watch.js';
import { adviceOnKeys } from './authorised-keys.js';
import type { GuixDaemon } from './guix-daemon.js';
import { TraceReader } from './trace-reader.js';

export interface Sources {
  /** The farm's store first, then the others in their order. */
  readonly urls: readonly string[];
  /** The access list that the daemon's substituter reads. */
  readonly accessList: string;
}

/** A fetch that takes longer, or says nothing for so long, has hung. */
const longestFetch = { timeoutSeconds: 6 * 3600, maxSilentSeconds: 1800 };
const downloadsAtOnce = 4;
const longestMessage = 4000;

/** Addresses of the farm's store and of the upstreams. */
export function urlsOf(
  farm: { readonly address: string; readonly slug?: string },
  upstreams: readonly SubstituteServer[] = [],
): string[] {
  const first = `${farm.address.replace(/\/+$/, '')}/${farm.slug ?? 'guix'}`;
  return [first, ...upstreams.map(({ address }) => address)];
}

/** Null when all are there. */
export async function fetchPaths(
  daemon: GuixDaemon,
  paths: readonly string[],
  call: { readonly sources: Sources; readonly cancellation: Cancellation },
): Promise<Failed | null> {
  const missing = await daemon.invalid(paths);
  if (missing.length === 0) return null;
  const { sources, cancellation } = call;
  const said = await substitute(daemon, missing, { urls: sources.urls, cancellation });
  const [still] = await daemon.invalid(missing);
  if (still === undefined) return null;
  if (/No space left on device|database or disk is full/.test(said)) {
    return { kind: 'failed', reason: 'no-space', message: said.slice(-longestMessage) };
  }
  const advice = await adviceOnKeys(sources);
  const why = [advice, said].filter((part) => part !== '').join('\n');
  const message = `The input ${still} could not be fetched: ${why}`.slice(0, longestMessage);
  return { kind: 'failed', reason: 'input-missing', message };
}

/** What the daemon said about it, whether it went well or not. */
async function substitute(
  daemon: GuixDaemon,
  paths: readonly string[],
  { urls, cancellation }: { readonly urls: readonly string[]; readonly cancellation: Cancellation },
): Promise<string> {
  if (cancellation.aborted) throw canceled();
  const settings = { substituteUrls: urls, maxJobs: downloadsAtOnce };
  const fetching = daemon.make(paths, settings);
  let stopped: string | null = null;
  const watch = watchLimits({ limits: longestFetch, cancellation }, (reason) => {
    stopped ??= reason;
    daemon.close();
  });
  const words = new Words();
  try {
    for (;;) {
      const step = await fetching.next();
      if (step.done) return words.with(step.value.ok ? '' : step.value.message);
      watch.heard();
      words.take(step.value);
    }
  } catch (thrown) {
    if (stopped === 'canceled') throw canceled();
    if (stopped === null) throw thrown;
    return words.with('the daemon fetched for too long');
  } finally {
    watch.end();
    await fetching.return(undefined as never).catch(() => undefined);
  }
}

function canceled(): FarmFault {
  return new FarmFault('canceled', 'the build was canceled', 'never');
}

/** The complaints in a daemon's trace of substitutes, each once. */
class Words {
  readonly #trace = new TraceReader();
  readonly #lines = new Set<string>();

  take(bytes: Uint8Array): void {
    for (const event of this.#trace.take(bytes)) {
      if (event.kind === 'substituter' && event.end === 'failed') {
        this.#add(`the substituter failed for ${event.item}: ${event.text}`);
      }
      if (event.kind === 'build-log') this.#addComplaints(event.bytes);
      if (event.kind === 'words') this.#add(Buffer.from(event.bytes).toString('utf8'));
    }
  }

  with(last: string): string {
    if (last !== '') this.#add(last);
    return [...this.#lines].join('\n');
  }

  /** Substituters speak as builders do, most of it of progress. */
  #addComplaints(bytes: Uint8Array): void {
    for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
      if (/error|warning|mismatch|unauthori[sz]ed|refused/i.test(line)) this.#add(line);
    }
  }

  #add(line: string): void {
    const text = line.trim();
    // Lines of an extended trace tell of progress.
    if (text !== '' && !text.startsWith('@ ') && this.#lines.size < 40)
      this.#lines.add(text.slice(0, 500));
  }
}
