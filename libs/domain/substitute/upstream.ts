/**
 * Substitute servers of others, which are asked before anything is built here, and how far they are
 * believed.
 */
import type { Dialect } from './store.js';

export type UpstreamId = number;

export interface Upstream {
  readonly id: UpstreamId;
  /** Of the farm's store that it serves. */
  readonly slug: string;
  /** The store's directory, such as `/nix/store`. */
  readonly dir: string;
  readonly dialect: Dialect;
  /** Without a trailing slash. */
  readonly url: string;
  /** `NAME:BASE64` for Nix, the s-expression `(public-key …)` for Guix. */
  readonly publicKeys: readonly string[];
  /** How long one answer may take. */
  readonly timeoutSeconds: number;
}

/** What an upstream offers under one path, as its signed narinfo says. */
export interface Offering {
  /** Base name. */
  readonly path: string;
  readonly narHash: string;
  /** Base names, itself among them when it refers to itself. */
  readonly references: readonly string[];
  readonly deriver: string | null;
  /** Content address, as Nix writes it. */
  readonly ca: string | null;
  /** The narinfo itself. */
  readonly text: string;
}

/** A presence is believed so long, and then asked again; clients of Nix do the same for a month. */
export const believedSeconds = 6 * 3600;
/** A miss is believed so long: an upstream that still builds soon has it. */
export const missedSeconds = 10 * 60;
/** An upstream that fails for so long counts as having nothing. */
export const graceSeconds = 120;

/**
 * Of a presence that was believed until now and that its upstream does not confirm: `gone` at once
 * when the upstream said so, but an upstream that only fails is given some time.
 */
export function judgeUnconfirmed(
  answer: 'miss' | 'unanswered',
  failingSeconds: number,
): 'gone' | 'believed' {
  if (answer === 'miss') return 'gone';
  return failingSeconds > graceSeconds ? 'gone' : 'believed';
}

/**
 * Those of the paths whose whole closure is there: they and all that they refer to, directly or
 * not, are `present`. `referencesOf` knows every present path and need not know any other.
 */
export function wholeAmong(
  paths: Iterable<string>,
  referencesOf: (path: string) => readonly string[] | undefined,
): Set<string> {
  const referrers = new Map<string, string[]>();
  const seen = new Set(paths);
  const broken: string[] = [];
  for (const path of seen) {
    const references = referencesOf(path);
    if (!references) broken.push(path);
    for (const reference of references ?? []) {
      if (reference === path) continue;
      const known = referrers.get(reference);
      if (known) known.push(path);
      else referrers.set(reference, [path]);
      seen.add(reference);
    }
  }
  const whole = new Set(seen);
  for (const path of broken) whole.delete(path);
  for (let path = broken.pop(); path !== undefined; path = broken.pop()) {
    for (const referrer of referrers.get(path) ?? []) {
      if (whole.delete(referrer)) broken.push(referrer);
    }
  }
  return whole;
}
