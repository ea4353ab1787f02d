/**
 * Where the evaluator keeps what outlives an evaluation, and what of it the sandbox may write.
 *
 *     profiles/KEY/roots/   of channels at their commits: the profile's root
 *     caches/KEY/           what Guix remembers of channels: which commits are authentic, profiles
 *     clones/KEY/           the channels' repositories, which are large
 */
import { createHash } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { inGuixOrder, printChannels } from '#domain/evaluation/channels-scm.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import { withoutCredentials } from '#domain/specification/channel-grammar.js';
import { makeWritable, type GuixPlace } from './guix-place.js';

export interface ShelfPlaces {
  readonly profile: string;
  readonly root: string;
  readonly cache: string;
  readonly clones: string;
}

/** Clones of Guix take 1 GB each. */
const keptOf = { profiles: 32, caches: 64, clones: 4 } as const;
/** What was used within it is not let go, however much there is. */
const sparedMilliseconds = 3600_000;

/**
 * Guix looks profiles up by their commits, and authentic commits by the channel's name, without
 * asking again who vouched for them: so caches are kept apart by addresses and introductions. Code
 * that runs meanwhile is that of the channel `guix` alone. Where its introduction vouches for it,
 * the clones are shared by all who have the same.
 */
export function placesOf(directory: string, channels: readonly ChannelRevision[]): ShelfPlaces {
  const profile = join(directory, 'profiles', digestOf(printChannels(channels)));
  const trust = inGuixOrder(channels).map(trustOf);
  const guix = channels.find(({ channel }) => channel === 'guix');
  const vouched = guix?.introduction === undefined ? trust : trustOf(guix);
  return {
    profile,
    root: join(profile, 'roots', 'root'),
    cache: join(directory, 'caches', digestOf(JSON.stringify(trust))),
    clones: join(directory, 'clones', digestOf(JSON.stringify(vouched))),
  };
}

function trustOf({ channel, url, introduction }: ChannelRevision): string[] {
  const { commit = '', fingerprint = '' } = introduction ?? {};
  return [channel, withoutCredentials(url), commit, fingerprint];
}

/** Makes them; answers what is lent to the sandbox, path inside → path outside. */
export async function makePlaces(
  place: GuixPlace,
  { profile, root, cache, clones }: ShelfPlaces,
): Promise<ReadonlyMap<string, string>> {
  const roots = join(root, '..');
  const checkouts = join(cache, 'guix', 'checkouts');
  for (const path of [roots, cache, join(cache, 'guix'), checkouts, clones]) {
    await makeWritable(place, path);
  }
  await Promise.all([profile, cache, clones].map(touch));
  // The daemon looks roots up under their names, which must be the same inside.
  return new Map([
    [roots, roots],
    [cache, cache],
    [checkouts, clones],
  ]);
}

export async function touch(directory: string): Promise<void> {
  const now = new Date();
  await utimes(directory, now, now).catch(() => undefined);
}

/** Lets go of those that were not used for longest. What is gone is made again. */
export async function sweepPlaces(directory: string): Promise<void> {
  for (const [kind, kept] of Object.entries(keptOf)) {
    const names = await readdir(join(directory, kind)).catch(() => []);
    const aged = await Promise.all(
      names.map(async (name) => {
        const path = join(directory, kind, name);
        return { path, used: (await stat(path).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    const old = aged.sort((one, other) => other.used - one.used).slice(kept);
    for (const { path, used } of old) {
      if (used < Date.now() - sparedMilliseconds) await rm(path, { recursive: true, force: true });
    }
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
