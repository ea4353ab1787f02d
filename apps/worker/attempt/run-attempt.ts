/** One try of a build, from its derivation to its uploaded outputs. Every end is a result. */
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import type { BuildBackend, RealiseResult } from '#application/ports/backend.js';
import type { AttemptResult } from '#protocol/worker.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault, sentenceOf, type FarmFaultCode } from '#std/farm-fault.js';
import type { AttemptDirectory, AttemptRequest } from './attempt-directory.js';
import { fetchDerivations } from './fetch-derivations.js';
import { openBackend } from './open-backend.js';
import { uploadOutputs } from './upload-outputs.js';

type Failed = Extract<AttemptResult, { kind: 'failed' }>;

const longestMessage = 4096;

/** Whose fault a fault of the world is, where it is not simply the farm's. */
const reasons: Partial<Record<FarmFaultCode, Failed['reason']>> = {
  'disk-full': 'no-space',
  'input-missing': 'input-missing',
  'upload-refused': 'upload-failed',
};

export async function runAttempt(
  request: AttemptRequest,
  directory: AttemptDirectory,
  cancellation: Cancellation,
): Promise<AttemptResult> {
  const { build, substituter } = request;
  try {
    const client = new SubstituterClient(substituter, build.uploadToken);
    const backend = await openBackend(request);
    const { store, derivation } = build;
    await fetchDerivations(backend, client, { store, derivation, cancellation });
    const realised = await realise(backend, { request, directory, cancellation });
    if (realised.kind === 'failed') return failureOf(realised);
    const wish = { slug: store.slug, outputs: realised.outputs, cancellation };
    const outputs = await uploadOutputs(backend, client, wish);
    return { kind: 'succeeded', outputs, sandboxed: realised.sandboxed };
  } catch (thrown) {
    return failure(reasonOf(thrown) ?? 'infrastructure', sentenceOf(thrown));
  }
}

function reasonOf(thrown: unknown): Failed['reason'] | undefined {
  if (thrown instanceof FarmFault) return reasons[thrown.code];
  return (thrown as NodeJS.ErrnoException).code === 'ENOSPC' ? 'no-space' : undefined;
}

interface Realising {
  readonly request: AttemptRequest;
  readonly directory: AttemptDirectory;
  readonly cancellation: Cancellation;
}

async function realise(
  backend: BuildBackend,
  { request, directory, cancellation }: Realising,
): Promise<RealiseResult> {
  const { build, limits, cores, maxLogBytes, publicKeys } = request;
  const realising = backend.realise(
    {
      derivation: `${build.store.dir}/${build.derivation}`,
      system: build.system,
      limits,
      cores,
      maxLogBytes,
      workDirectory: directory.workDirectory,
      substituter: { address: request.substituter, publicKeys, slug: build.store.slug },
      upstreams: build.upstreams ?? [],
    },
    cancellation,
  );
  try {
    let step = await realising.next();
    for (; !step.done; step = await realising.next()) {
      if (step.value.kind === 'started') directory.markStarted();
      else directory.appendLog(step.value.bytes);
    }
    return step.value;
  } catch (thrown) {
    // A log that cannot be kept ends the build, and its leavings go; why it ended is this.
    await realising.return(undefined as never).catch(() => undefined);
    throw thrown;
  }
}

function failureOf(realised: Extract<RealiseResult, { kind: 'failed' }>): Failed {
  const { reason, message, exitCode } = realised;
  // A worker that is lost reports nothing: these words are the farm's alone.
  const ofFarm = reason === 'worker-lost' || reason === 'quarantined';
  const told = failure(ofFarm ? 'infrastructure' : reason, message);
  return exitCode === undefined ? told : { ...told, exitCode };
}

export function failure(reason: Failed['reason'], message: string): Failed {
  return { kind: 'failed', reason, message: message.slice(0, longestMessage) };
}
