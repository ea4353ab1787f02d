/**
 * Opens derivation packs that come from outside: bounded in size, each file's path recomputed from
 * its bytes and references.
 */
import type { Result } from '#std/result.js';

export type PackRefusal =
  | { readonly kind: 'not-zstd' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'malformed-pack'; readonly detail: string }
  | { readonly kind: 'not-a-derivation'; readonly name: string; readonly detail: string };

export interface CheckedPack {
  /** Hexadecimal sha-256 of the pack before its compression. */
  readonly hash: string;
  readonly derivations: number;
  /** As it arrived, when it arrived compressed. */
  readonly compressed: Uint8Array;
}

export interface PackCodec {
  check(pack: {
    /** The store directory whose derivations these are. */
    readonly dir: string;
    readonly bytes: Uint8Array;
    readonly compression: 'zstd' | 'none';
  }): Promise<Result<CheckedPack, PackRefusal>>;
}
