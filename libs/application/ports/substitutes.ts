/**
 * The substituter, as the evaluator needs it: sources of derivations are offered there before any
 * worker may ask, and `.drv` files travel to workers in packs. `slug` names the store.
 */
export interface OfferedSource {
  readonly path: string;
  readonly narHash: string;
  readonly narSize: number;
  readonly references: string[];
  readonly ca?: string;
}

export interface SubstituteUploads {
  isOffered(slug: string, path: string): Promise<boolean>;
  putNar(upload: {
    readonly slug: string;
    readonly path: string;
    readonly nar: AsyncIterable<Uint8Array>;
    readonly narHash?: string;
  }): Promise<{ readonly narHash: string; readonly narSize: number }>;
  offer(slug: string, source: OfferedSource): Promise<void>;
  putPack(
    slug: string,
    files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  ): Promise<{ readonly pack: string }>;
}
