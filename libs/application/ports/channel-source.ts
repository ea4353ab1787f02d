/**
 * Where the files of channels come from: git. Fetches of one address wait for each other, those of
 * different addresses do not. Throws FarmFault `fetch-failed`, `unknown-branch`,
 * `unknown-revision`, `misconfigured` (its credential) or `canceled`; messages are git's words
 * without passwords.
 */
import type { Cancellation } from '#std/cancellation.js';
import type { Channel } from '#domain/specification/specification.js';
import type { LentRepository } from './backend.js';

export interface ChannelSource {
  /**
   * Looks at the channel's branch now; the revision is its head, or the pinned commit. Of a channel
   * with an introduction the branch of its keys is fetched too, where there is one.
   */
  fetch(channel: Channel, cancellation: Cancellation): Promise<string>;
  /** Puts the files of a fetched revision into a new directory, read-only and without `.git`. */
  checkout(channel: Channel, revision: string, directory: string): Promise<void>;
  /** False also when one of them is not known any more. */
  isAncestor(channel: Channel, older: string, newer: string): Promise<boolean>;
  /** A file of a fetched revision; null when there is none. */
  readText(channel: Channel, revision: string, path: string): Promise<string | null>;
  /** Makes a bare repository of a fetched revision in a directory that does not exist yet. */
  lend(channel: Channel, revision: string, directory: string): Promise<LentRepository>;
}
