/**
 * Where the files of channels come from: git. Fetches of one address wait for each other, those of
 * different addresses do not. Throws FarmFault `fetch-failed`, `unknown-branch`, `unknown-revision`
 * or `canceled`; messages are git's words without passwords.
 */
import type { Cancellation } from '#std/cancellation.js';
import type { Channel } from '#domain/specification/specification.js';

export interface ChannelSource {
  /** Looks at the channel's branch now; the revision is its head, or the pinned commit. */
  fetch(channel: Channel, cancellation: Cancellation): Promise<string>;
  /** Puts the files of a fetched revision into a new directory, read-only and without `.git`. */
  checkout(channel: Channel, revision: string, directory: string): Promise<void>;
  /** False also when one of them is not known any more. */
  isAncestor(url: string, older: string, newer: string): Promise<boolean>;
}
