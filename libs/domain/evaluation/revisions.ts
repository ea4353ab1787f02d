/**
 * The identity of what an evaluation reads: every channel at its revision. Equal texts are equal
 * checkouts, whatever the order in which the channels were given; addresses and branches belong to
 * the specification's version, not here.
 */
import type { ChannelIntroduction } from '../specification/specification.js';

export interface ChannelRevision {
  readonly channel: string;
  readonly url: string;
  readonly branch: string;
  readonly revision: string;
  readonly introduction?: ChannelIntroduction | undefined;
  /** The channel whose `.guix-channel` pulled it in; absent: the specification names it. */
  readonly via?: string | undefined;
}

/** The text whose SHA-256 is `evaluations.revisions_digest`: a line for each channel, sorted. */
export function revisionsText(revisions: readonly ChannelRevision[]): string {
  return revisions
    .map(({ channel, revision }) => `${channel} ${revision}\n`)
    .sort()
    .join('');
}
