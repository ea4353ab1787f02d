/**
 * A derivation pack carries many `.drv` files of one store: after the magic line, for each file the
 * length of its base name (u32 little-endian), the name, the length of its bytes (u32), the bytes.
 * It is named by the sha-256 of the whole. Files come after the inputs they name, when both are in
 * it.
 */
import { ok, err, type Result } from '#std/result.js';

export interface PackedDerivation {
  /** Base name, `HASH-NAME.drv`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type PackError = { readonly kind: 'malformed-pack'; readonly offset: number };

const magic = new TextEncoder().encode('gambeson-derivations-1\n');

export function encodePack(files: readonly PackedDerivation[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = files.flatMap((file) => [encoder.encode(file.name), file.bytes]);
  const size = parts.reduce((sum, part) => sum + 4 + part.length, magic.length);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set(magic);
  let at = magic.length;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

export function decodePack(pack: Uint8Array): Result<PackedDerivation[], PackError> {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  const decoder = new TextDecoder();
  const files: PackedDerivation[] = [];
  if (magic.some((byte, i) => pack[i] !== byte)) return err({ kind: 'malformed-pack', offset: 0 });
  let at = magic.length;
  const take = (): Uint8Array | null => {
    if (at + 4 > pack.length) return null;
    const end = at + 4 + view.getUint32(at, true);
    if (end > pack.length) return null;
    const part = pack.subarray(at + 4, end);
    at = end;
    return part;
  };
  while (at < pack.length) {
    const start = at;
    const name = take();
    const bytes = name && take();
    if (!name || !bytes) return err({ kind: 'malformed-pack', offset: start });
    files.push({ name: decoder.decode(name), bytes });
  }
  return ok(files);
}
