/**
 * The first half of a build: every input is fetched from the farm, with building forbidden, so that
 * a worker never builds again what the farm has built. What is missing then is the farm's fault.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { RealiseRequest } from '#application/ports/backend.js';
import type { Derivation } from '#formats/derivation.js';
import type { Failed } from '../realise/end-words.js';
import { inputPaths } from '../realise/input-paths.js';
import { runBounded } from '../sandbox/bounded-process.js';
import { endingWithParent } from '../sandbox/program.js';
import { nixEnvironment } from './nix-program.js';
import { complaintsIn } from './nix-words.js';
import type { WorkerStore } from './worker-store.js';

/** A fetch that takes longer has hung. */
const longestFetch = 6 * 3600_000;
const graceMilliseconds = 5000;

/** Null when all inputs are there. */
export async function fetchInputs(
  store: WorkerStore,
  derivation: Derivation,
  call: { readonly request: RealiseRequest; readonly cancellation: Cancellation },
): Promise<Failed | null> {
  const missing = await store.invalid(await inputPaths(store, derivation));
  if (missing.length === 0) return null;
  const { request, cancellation } = call;
  const ending = await runBounded({
    argv: endingWithParent(
      store.command('--realise', '--keep-going', '--max-jobs', '0', ...missing),
    ),
    environment: nixEnvironment({
      home: `${request.workDirectory}/home`,
      settings: fetchSettings(request),
      temporaryDirectory: request.workDirectory,
    }),
    deadline: performance.now() + longestFetch,
    cancellation,
    graceMilliseconds,
  });
  if (ending.endedFor === 'canceled') {
    throw new FarmFault('canceled', 'the build was canceled', 'never');
  }
  if (ending.startError !== null) throw new FarmFault('program-failed', ending.startError);
  const words = complaintsIn(ending.stderr);
  if (/No space left on device|database or disk is full/.test(ending.stderr)) {
    return { kind: 'failed', reason: 'no-space', message: words };
  }
  const [still] = ending.code === 0 ? [] : await store.invalid(missing);
  if (still === undefined) return null;
  const message = `The input ${still} could not be fetched: ${words}`;
  return { kind: 'failed', reason: 'input-missing', message };
}

function fetchSettings(request: RealiseRequest): Record<string, string> {
  const { substituter, upstreams = [] } = request;
  const farm = `${substituter.address.replace(/\/+$/, '')}/${substituter.slug ?? 'nix'}`;
  const keys = [substituter, ...upstreams].flatMap(({ publicKeys }) => publicKeys);
  return {
    substituters: [farm, ...upstreams.map(({ address }) => address)].join(' '),
    'trusted-public-keys': keys.join(' '),
    'require-sigs': 'true',
    'narinfo-cache-negative-ttl': '0',
    'narinfo-cache-positive-ttl': '0',
    'connect-timeout': '15',
    'stalled-download-timeout': '60',
    builders: '',
    'build-users-group': '',
  };
}
