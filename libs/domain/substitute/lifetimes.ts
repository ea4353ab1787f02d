/**
 * For how long clients and proxies may keep an answer. No answer outlives what the store promises:
 * a path stays for `ttlSeconds` from its last read at least, and an answer is a read.
 */
import type { Store } from './store.js';

export interface Lifetimes {
  /** Seconds, of a narinfo. */
  readonly narinfo: number;
  /** Seconds, of the answer that nothing is offered: it may be a moment later. */
  readonly miss: number;
}

/** What is named by its hash never changes, and is kept as long as the store promises. */
export type Kept = keyof Lifetimes | 'nar';

type Promising = Pick<Store, 'ttlSeconds' | 'private'>;

/** The value of Cache-Control. */
export function cacheControl(kept: Kept, store: Promising, lifetimes: Lifetimes): string {
  const wanted = kept === 'nar' ? store.ttlSeconds : lifetimes[kept];
  const seconds = Math.min(wanted, store.ttlSeconds);
  const scope = store.private ? 'private' : 'public';
  if (seconds === 0) return 'no-cache';
  return `${scope}, max-age=${seconds}${kept === 'nar' ? ', immutable' : ''}`;
}
