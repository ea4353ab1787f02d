/** What to watch and build. A specification is a value: every edit makes a new version of it. */
import type { BuildOutput } from '../build/build-product.js';
import type { WishedLimits } from '../build/limits.js';
import type { Notification } from './notification.js';
import type { Selection } from './selection.js';

/** The package manager whose language a channel speaks. */
export type BackendName = 'nix' | 'guix' | 'local';

/** The first commit whose authentication counts, and the OpenPGP key that signed it. */
export interface ChannelIntroduction {
  readonly commit: string;
  /** 40 hexadecimal digits in upper case, without spaces. */
  readonly fingerprint: string;
}

/** A git repository and branch that supplies definitions; a commit pins it. */
export interface Channel {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly commit?: string | undefined;
  /** With one, Guix authenticates every commit since. */
  readonly introduction?: ChannelIntroduction | undefined;
  /** The name of the credential that a private repository is fetched with. */
  readonly credential?: string | undefined;
}

/**
 * What becomes of the builds of older evaluations once a newer one was read to its end: they go on,
 * or those that no live evaluation needs are canceled.
 */
export const supersededPolicies = ['keep', 'cancel'] as const;
export type SupersededPolicy = (typeof supersededPolicies)[number];

export const trusts = ['trusted', 'untrusted'] as const;
export type Trust = (typeof trusts)[number];

export interface Specification {
  readonly name: string;
  readonly backend: BackendName;
  readonly channels: readonly Channel[];
  readonly selection: Selection;
  readonly systems: readonly string[];
  /** 0 is the most urgent, 9 the least. */
  readonly priority: number;
  /** Seconds between two polls; 0 is the farm's own interval. */
  readonly period: number;
  /** Weight between specifications of equal priority. */
  readonly share: number;
  /** How many of its builds may be out (released or running) at once; absent is no limit. */
  readonly maxRunning?: number | undefined;
  readonly limits: WishedLimits;
  /** An inactive specification is kept and neither polled nor evaluated. */
  readonly active: boolean;
  /** Documents written before there was a choice have none: they keep. */
  readonly superseded?: SupersededPolicy | undefined;
  /**
   * `untrusted`: anybody may change what its channels say (a pull request), so that what it builds
   * lives in a store of its own. Absent: trusted.
   */
  readonly trust?: Trust | undefined;
  /** How many of its good evaluations are kept; absent: as kept-evaluations.ts says. */
  readonly keep?: number | undefined;
  /** Files of outputs that are offered for download. */
  readonly buildOutputs?: readonly BuildOutput[] | undefined;
  readonly notifications?: readonly Notification[] | undefined;
}

/** The store of each backend: its slug in addresses and its directory. */
export const backendStores = {
  nix: { slug: 'nix', dir: '/nix/store' },
  guix: { slug: 'guix', dir: '/gnu/store' },
  local: { slug: 'local', dir: '/gambeson/store' },
} as const satisfies Record<BackendName, { slug: string; dir: string }>;

/** Where what a specification builds lives. */
export function storeOf({ backend, trust }: Pick<Specification, 'backend' | 'trust'>): {
  readonly slug: string;
  readonly dir: string;
} {
  const store = backendStores[backend];
  return trust === 'untrusted' ? { ...store, slug: `${store.slug}-untrusted` } : store;
}

/** Whose paths lie in a directory; null: no backend's. */
export function backendAt(dir: string): BackendName | null {
  const names = Object.keys(backendStores) as BackendName[];
  return names.find((name) => backendStores[name].dir === dir) ?? null;
}
