/** Between the words of the protocol and those of the use cases. */
import type { AttemptOutcome } from '#domain/build/next-build-status.js';
import { id, type AttemptId, type Fence, type WorkerId } from '#domain/ids.js';
import { backendAt, type BackendName } from '#domain/specification/specification.js';
import type { WorkerReport } from '#application/accept-report.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import { createAttemptToken } from '#adapters/system/attempt-token.js';
import { invariant } from '#std/invariant.js';
import type { BuildMessage, Report } from '#protocol/worker.js';
import type { ReliedUpstream } from './relied-upstreams.js';

/** A message longer than this tells a person nothing more. */
const messageCharacters = 4096;

export function claimOf(named: { readonly attempt: string; readonly fence: string }): AttemptClaim {
  return { attempt: id<AttemptId>(named.attempt), fence: named.fence as Fence };
}

export function reportOf(worker: WorkerId, report: Report): WorkerReport {
  const { result } = report;
  return {
    worker,
    ...claimOf(report),
    logBytes: report.logBytes,
    outputs: result.kind === 'succeeded' ? result.outputs : [],
    sandboxed: result.kind === 'succeeded' && result.sandboxed === true,
    outcome: outcomeOf(result),
  };
}

function outcomeOf(result: Report['result']): AttemptOutcome {
  switch (result.kind) {
    case 'succeeded':
      return { kind: 'succeeded' };
    case 'canceled':
      return { kind: 'canceled', message: result.message.slice(0, messageCharacters) };
    case 'failed':
      return { ...result, message: result.message.slice(0, messageCharacters) };
  }
}

/** Where the worker finds the inputs of a build. */
export interface BuildSources {
  readonly upstreams: readonly ReliedUpstream[];
  /** Of a store with keys of its own; null: those of the welcome. */
  readonly publicKeys: readonly string[] | null;
}

export function buildMessage(
  claimed: ClaimedBuild,
  serviceToken: string,
  { upstreams, publicKeys }: BuildSources,
): BuildMessage {
  const { attempt, fence, slot, build, store, derivation, system, outputs, limits } = claimed;
  return {
    type: 'build',
    slot,
    attempt: String(attempt),
    fence,
    build: String(build),
    backend: backendOf(store),
    store: { ...store },
    derivation,
    system,
    outputs: [...outputs],
    limits: { ...limits },
    uploadToken: createAttemptToken({ attempt, fence }, serviceToken),
    ...(upstreams.length > 0 && { upstreams: [...upstreams] }),
    ...(publicKeys && { publicKeys: [...publicKeys] }),
  };
}

/** Each directory is filled by one backend, whatever store of it. */
function backendOf({ slug, dir }: { readonly slug: string; readonly dir: string }): BackendName {
  const backend = backendAt(dir);
  invariant(backend, `no backend fills store ${slug}`);
  return backend;
}
