/** Undoes and makes the encodings of nars, as streams that hold little of them. */
import type { Compression } from '#domain/substitute/offered-path.js';
import type { AddableEncoding } from '#domain/substitute/encodings.js';

export interface NarCodec {
  /** The encodings whose programs are there. Asked once. */
  available(): Promise<ReadonlySet<AddableEncoding>>;
  /** Throws FarmFault `corrupt-data` for what cannot be undone. Never lzip. */
  unfold(from: Compression, bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /**
   * With the least claim to the processor. Throws FarmFault `program-failed`, or what reading the
   * nar throws. A caller that stops early ends the work.
   */
  fold(to: Compression, nar: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}
