/**
 * A derivation pack carries many `.drv` files of one store: after the magic line, for each file the
 * length of its base name (u32 little-endian), the name, the length of its bytes (u32), the bytes.
 * It is named by the sha-256 of the whole. Files come after the inputs they name, when both are in
 * it.
 */
import { ok, err, type Result } from '#std/result.js';
import { hashPartLength, longestStoreName } from './store-path.js';

export interface PackedDerivation {
  /** Base name, `HASH-NAME.drv`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type PackError = { readonly kind: 'malformed-pack'; readonly offset: number };

/** Of `HASH-NAME.drv`, in bytes. */
const shortestName = hashPartLength + '-x.drv'.length;
const longestName = hashPartLength + 1 + longestStoreName;

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
  const files: PackedDerivation[] = [];
  for (const read of readPack(pack)) {
    if (!read.ok) return read;
    files.push(read.value);
  }
  return ok(files);
}

/**
 * The files one after the other, or what is wrong and nothing more; views of `pack`. Whoever looks
 * at each before the next holds one, however many a pack from outside says that it has.
 */
export function* readPack(pack: Uint8Array): Generator<Result<PackedDerivation, PackError>> {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  const decoder = new TextDecoder();
  let at = 0;
  const take = (): Uint8Array | null => {
    if (at + 4 > pack.length) return null;
    const end = at + 4 + view.getUint32(at, true);
    if (end > pack.length) return null;
    const part = pack.subarray(at + 4, end);
    at = end;
    return part;
  };
  if (magic.some((byte, i) => pack[i] !== byte)) return yield malformed(0);
  at = magic.length;
  while (at < pack.length) {
    const start = at;
    const name = take();
    const bytes = name && take();
    if (!name || !bytes || !isLongEnough(name)) return yield malformed(start);
    yield ok({ name: decoder.decode(name), bytes });
  }
}

/** Without it, 8 bytes of zeros were a file. */
function isLongEnough(name: Uint8Array): boolean {
  return name.length >= shortestName && name.length <= longestName;
}

function malformed(offset: number): Result<never, PackError> {
  return err({ kind: 'malformed-pack', offset });
}
