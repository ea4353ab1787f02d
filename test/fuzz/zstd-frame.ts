/**
 * Zstandard frames written by hand (RFC 8878), for what no compressor would make: a run block of 4
 * bytes unfolds to 128 kB of zeros.
 */
export interface FrameWish {
  /** Bytes as they are, at the beginning; at most 128 kB. */
  readonly text: string;
  /** Zeros after it. */
  readonly zeros: number;
  /** The exponent of the window's size above 1 kB. */
  readonly window?: number;
  readonly emptyBlocks?: number;
}

const magic = Buffer.from('28b52ffd', 'hex');
const largestBlock = 128 * 1024;
const raw = 0;
const run = 1;

export function zstdFrame(wish: FrameWish): Uint8Array {
  const { text, zeros, window = 10, emptyBlocks = 0 } = wish;
  const runs = Math.ceil(zeros / largestBlock);
  const head = Buffer.from([0, window << 3]);
  const begin = Buffer.from(text, 'latin1');
  const tail = Buffer.alloc(4 * runs + 3 * emptyBlocks + 3);
  let at = 0;
  for (let left = zeros; left > 0; left -= largestBlock) {
    at = header(tail, at, { kind: run, size: Math.min(left, largestBlock) }) + 1;
  }
  for (let i = 0; i < emptyBlocks; i += 1) at = header(tail, at, { kind: raw, size: 0 });
  header(tail, at, { kind: raw, size: 0, last: true });
  const first = Buffer.alloc(3);
  header(first, 0, { kind: raw, size: begin.length });
  return Uint8Array.from(Buffer.concat([magic, head, first, begin, tail]));
}

interface Block {
  readonly kind: number;
  readonly size: number;
  readonly last?: boolean;
}

function header(into: Buffer, at: number, block: Block): number {
  into.writeUIntLE((block.last ? 1 : 0) | (block.kind << 1) | (block.size << 3), at, 3);
  return at + 3;
}
