/** The branch with the keys that sign a Guix channel, as the channel itself names it. */
import {
  metadataFile,
  noMetadata,
  parseChannelMetadata,
} from '#domain/evaluation/channel-metadata.js';
import { isBranch } from '#domain/specification/channel-grammar.js';
import type { Channel } from '#domain/specification/specification.js';
import { GitFailure } from './git-command.js';
import type { Journey, Mirror } from './mirror.js';

const longestText = 256 * 1024;

export const unknownBranch = /couldn't find remote ref refs\/heads\//i;

export async function keyringOf(mirror: Mirror, revision: string): Promise<string> {
  const text = await mirror.readText(revision, metadataFile, longestText).catch(() => null);
  const metadata = text === null ? null : parseChannelMetadata(text);
  const keyring = metadata?.ok ? metadata.value.keyring : noMetadata.keyring;
  return isBranch(keyring) ? keyring : noMetadata.keyring;
}

/** Whether nothing more is to be fetched for a revision. */
export async function isWhole(
  mirror: Mirror,
  { introduction }: Channel,
  revision: string,
): Promise<boolean> {
  if (!(await mirror.isPinned(revision))) return false;
  if (!introduction) return true;
  return (await mirror.headOf(await keyringOf(mirror, revision))) !== null;
}

/** New commits may be signed by new keys. A channel without such a branch is Guix's to refuse. */
export async function fetchKeys(
  mirror: Mirror,
  { revision, isNew }: { readonly revision: string; readonly isNew: boolean },
  journey: Journey,
): Promise<void> {
  const keyring = await keyringOf(mirror, revision);
  if (!isNew && (await mirror.headOf(keyring)) !== null) return;
  await mirror.fetchBranch(keyring, journey).catch((error: unknown) => {
    if (!(error instanceof GitFailure) || !unknownBranch.test(error.words)) throw error;
  });
}
