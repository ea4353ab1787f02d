/** The Range header of logs and build products. */
export { parseRange, type ByteRange } from '#nest/byte-range.js';
