/**
 * Looks at the channels of one specification, all at once, and starts an evaluation when something
 * differs from what the last one read. A channel that cannot be fetched is recorded and shown; its
 * specification is not evaluated in this poll, and nothing else is held up.
 */
import type { Cancellation } from '#std/cancellation.js';
import type { EvaluationId } from '#domain/ids.js';
import { revisionsText } from '#domain/evaluation/revisions.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import { changed, due, periodOf } from '#domain/specification/polling.js';
import type { Bus } from './ports/bus.js';
import { lookAtChannels, type LookParts } from './look-at-channels.js';
import type { ChannelFinding, PollState, PollStore } from './ports/poll-store.js';
import type { PollCall } from './ports/poll-timers.js';
import { tellEvaluation } from './tell-evaluation.js';

export interface PollParts {
  readonly store: PollStore;
  readonly source: LookParts['source'];
  readonly bus: Bus;
  /** SHA-256 of a text, in hexadecimal. */
  readonly digest: (text: string) => string;
  /** Seconds between two polls of a specification that says none. */
  readonly pollSeconds: number;
}

export type PollOutcome =
  | { readonly kind: 'started'; readonly evaluation: EvaluationId }
  /** Archived or inactive meanwhile, called too early, or nothing new. */
  | { readonly kind: 'gone' | 'inactive' | 'early' | 'unchanged' }
  | { readonly kind: 'failed'; readonly channels: readonly string[] };

/** Rejects only when the farm itself fails, or when canceled; nothing is recorded then. */
export async function pollChannels(
  parts: PollParts,
  call: PollCall,
  cancellation: Cancellation,
): Promise<PollOutcome> {
  const state = await parts.store.read(call.specification);
  if (!state) return { kind: 'gone' };
  if (!state.specification.active) return { kind: 'inactive' };
  const periodSeconds = periodOf(state.specification.period, parts.pollSeconds);
  if (!due(call.trigger, { ...state, periodSeconds })) {
    return { kind: 'early' };
  }
  const looking = { source: parts.source, cancellation, before: state.found };
  const findings = await lookAtChannels(looking, state.specification);
  await parts.store.record(state.id, findings, periodSeconds);
  return startIfChanged(parts, state, { trigger: call.trigger, findings });
}

interface Looked {
  readonly trigger: EvaluationTrigger;
  readonly findings: readonly ChannelFinding[];
}

async function startIfChanged(
  parts: PollParts,
  state: PollState,
  { trigger, findings }: Looked,
): Promise<PollOutcome> {
  const checkouts = findings.filter((finding) => finding.kind === 'found');
  if (checkouts.length < findings.length) {
    const failed = findings.filter((finding) => finding.kind === 'failed');
    return { kind: 'failed', channels: failed.map((finding) => finding.channel) };
  }
  const { id: specification, version } = state;
  const digest = parts.digest(revisionsText(checkouts));
  if (!changed(state.last, { version, digest })) return { kind: 'unchanged' };
  const evaluation = await parts.store.start({
    specification,
    version,
    digest,
    trigger,
    checkouts,
  });
  if (evaluation === null) return { kind: 'unchanged' };
  await parts.bus.publish('evaluations', String(evaluation));
  await tellEvaluation(parts.bus, evaluation, 'started');
  return { kind: 'started', evaluation };
}
