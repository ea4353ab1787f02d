/**
 * The second half of a build: `nix-store --realise` with no substituters, its log streamed. Nix
 * keeps the limits of time and silence; we keep them too, a little later, and the limit of the
 * log, which Nix does not keep.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { RealiseEvent, RealiseRequest } from '#application/ports/backend.js';
import type { Failed } from '../realise/end-words.js';
import { LogRoom } from '../realise/log-room.js';
import { startBounded, type BoundedProcess } from '../sandbox/bounded-process.js';
import { bytesReadBy } from '../sandbox/process-tree.js';
import { endingWithParent } from '../sandbox/program.js';
import { classify } from './build-end.js';
import { BuildLog } from './build-log.js';
import { nixEnvironment } from './nix-program.js';
import type { WorkerStore } from './worker-store.js';

export interface BuildSettings {
  readonly features: readonly string[];
  readonly extraPlatforms: readonly string[];
  /** A static shell that builds see as /bin/sh, or null. */
  readonly shell: string | null;
}

export interface BuildCall {
  readonly store: WorkerStore;
  readonly settings: BuildSettings;
  readonly request: RealiseRequest;
  readonly cancellation: Cancellation;
}

/** How much later than Nix we end a build that Nix should have ended. */
const later = 15_000;
const graceMilliseconds = 5000;

/** Null when the outputs are there. */
export async function* runBuild(call: BuildCall): AsyncGenerator<RealiseEvent, Failed | null> {
  const child = start(call);
  const { request } = call;
  const log = new BuildLog(request.derivation);
  const watch = new SilenceWatch(child, request.limits.maxSilentSeconds * 1000 + later);
  const room = new LogRoom(request.maxLogBytes);
  child.stdout.resume();
  try {
    for await (const chunk of child.stderr) {
      const lines: string[] = [];
      for (const event of log.take(chunk as Buffer)) {
        if (event.kind === 'started') yield event;
        else lines.push(`${event.text}\n`);
      }
      const bytes = room.take(Buffer.from(lines.join('')));
      if (bytes) yield { kind: 'log', bytes };
      if (room.over) child.end('log-limit');
    }
    const ending = await child.ended;
    return ended(ending.startError, { ...ending, errors: log.errors });
  } finally {
    watch.close();
    child.end('abandoned');
  }
}

function ended(startError: string | null, end: Parameters<typeof classify>[0]): Failed | null {
  if (startError !== null) throw new FarmFault('program-failed', startError);
  if (end.endedFor === 'canceled') {
    throw new FarmFault('canceled', 'the build was canceled', 'never');
  }
  const failed = classify(end);
  if (failed?.reason === 'infrastructure' && isSandboxError(failed.message)) {
    const sentence = `Nix cannot make its sandbox here: ${failed.message}`;
    throw new FarmFault('sandbox-unavailable', sentence, 'never');
  }
  return failed;
}

/** What Nix says where user namespaces or mounts are forbidden. */
function isSandboxError(message: string): boolean {
  return /unable to start build process|namespace|cannot set .*mount|unable to (un)?mount/i.test(
    message,
  );
}

function start({ store, settings, request, cancellation }: BuildCall): BoundedProcess {
  const { timeoutSeconds, maxSilentSeconds } = request.limits;
  return startBounded({
    argv: endingWithParent(
      store.command(
        ...['--realise', request.derivation, '--log-format', 'internal-json'],
        ...['--cores', `${request.cores}`, '--max-jobs', '1'],
        ...['--timeout', `${Math.ceil(timeoutSeconds)}`],
        ...['--max-silent-time', `${Math.ceil(maxSilentSeconds)}`],
      ),
    ),
    environment: nixEnvironment({
      home: `${request.workDirectory}/home`,
      settings: nixSettings(settings),
      temporaryDirectory: request.workDirectory,
    }),
    deadline: performance.now() + timeoutSeconds * 1000 + later,
    cancellation,
    graceMilliseconds,
  });
}

function nixSettings({ features, extraPlatforms, shell }: BuildSettings): Record<string, string> {
  return {
    sandbox: 'true',
    'sandbox-fallback': 'false',
    'sandbox-paths': shell === null ? '' : `/bin/sh=${shell}`,
    'build-users-group': '',
    substituters: '',
    builders: '',
    'keep-build-log': 'false',
    'experimental-features': 'ca-derivations',
    // Nix counts its experimental features among the system's; a derivation may ask for them.
    'system-features': [...features, 'ca-derivations'].join(' '),
    'extra-platforms': extraPlatforms.join(' '),
  };
}

/**
 * Ends a build when Nix neither told nor read anything for long. Nix tells whole lines only, so a
 * builder that prints dots looks silent from outside, but Nix then has read bytes.
 */
class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  #read = 0;

  constructor(child: BoundedProcess, milliseconds: number) {
    const delay = Math.min(milliseconds, 2 ** 31 - 1);
    this.#timer = setInterval(() => {
      const read = bytesReadBy(child.pid);
      if (read === this.#read) child.end('silence');
      this.#read = read;
    }, delay);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
