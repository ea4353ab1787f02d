/** Which bytes of a batch of appends are new, as a pure function of offsets. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface FreshBytes {
  /** To be written one after another from the old size on. */
  readonly parts: readonly Uint8Array[];
  /** The size of the log after each chunk: its answer. */
  readonly ends: readonly number[];
}

/** Bytes already there are kept; a chunk beyond the end adds nothing. */
export function freshBytes(size: number, chunks: readonly Chunk[]): FreshBytes {
  const parts: Uint8Array[] = [];
  const ends: number[] = [];
  let end = size;
  for (const { offset, bytes } of chunks) {
    if (offset <= end && offset + bytes.length > end) {
      parts.push(bytes.subarray(end - offset));
      end = offset + bytes.length;
    }
    ends.push(end);
  }
  return { parts, ends };
}
