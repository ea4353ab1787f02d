/**
 * What reader and writer of nars agree upon: strings are a little-endian 64-bit length, the
 * bytes, and zeros up to a multiple of 8; names and link targets are bytes, never decoded.
 */

/** NAME_MAX of Linux. */
export const longestName = 255;
/** PATH_MAX of Linux, less its final zero. */
export const longestTarget = 4095;

const slash = 0x2f;
const dot = 0x2e;

/** Whether `name` may stand in a directory: 1 to 255 bytes, no slash, no NUL, not `.` or `..`. */
export function isEntryName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > longestName) return false;
  if (name[0] === dot && (name.length === 1 || (name.length === 2 && name[1] === dot)))
    return false;
  return !name.includes(slash) && !name.includes(0);
}

export function isSymlinkTarget(target: Uint8Array): boolean {
  return target.length > 0 && target.length <= longestTarget && !target.includes(0);
}

/** The order of directory entries: by bytes. */
export function compareNames(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** How many zeros follow a string of `length` bytes. */
export function paddingOf(length: number): number {
  return (8 - (length % 8)) % 8;
}

/** A string with its length and padding, as it stands in the archive. */
export function narString(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + bytes.length + paddingOf(bytes.length));
  writeLength(out, bytes.length);
  out.set(bytes, 8);
  return out;
}

/** Writes a length of at most 2^53 - 1 into the first 8 bytes of `out`. */
export function writeLength(out: Uint8Array, length: number): void {
  const view = new DataView(out.buffer, out.byteOffset, 8);
  view.setUint32(0, length % 2 ** 32, true);
  view.setUint32(4, Math.floor(length / 2 ** 32), true);
}
