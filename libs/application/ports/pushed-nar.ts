/**
 * A nar as somebody outside the farm packed it. What is kept is zstd, whatever it came in: what
 * comes in zstd is passed on as it is, the rest is unpacked and packed anew while it streams.
 */
import type { Result } from '#std/result.js';
import type { PushedPacking } from '#domain/substitute/pushed-file.js';

export type PackingRefusal =
  | { readonly kind: 'unknown-packing' }
  /** This machine has no program that unpacks it. */
  | { readonly kind: 'packing-not-read'; readonly packing: PushedPacking }
  | { readonly kind: 'not-unpacked'; readonly packing: PushedPacking; readonly detail: string }
  /** It unfolds to far more than its size allows. */
  | { readonly kind: 'too-large'; readonly limit: number };

export interface PushedNar {
  /** In zstd; ends early when it is refused. An error of the sender is thrown on. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The hash of the file as it came, `sha256:<nix32>`; to be asked when `bytes` has ended. */
  end(): Result<{ readonly fileHash: string }, PackingRefusal>;
}

/** `name` is that of its file: some packings have no other mark. */
export type OpenPushedNar = (name: string, body: AsyncIterable<Uint8Array>) => PushedNar;
