/**
 * A log frame on the worker's WebSocket: one byte of kind (1), the attempt as u64 big-endian, the
 * byte offset of the first byte as u64 big-endian, then the bytes. A frame that overlaps what is
 * already kept is harmless; one that leaves a gap is answered with the offset to go on from.
 */
import { ok, err, type Result } from '#std/result.js';

export interface LogFrame {
  readonly attempt: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export const logFrameHeaderBytes = 17;
const kindLog = 1;

export function encodeLogFrame(frame: LogFrame): Uint8Array {
  const out = new Uint8Array(logFrameHeaderBytes + frame.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, kindLog);
  view.setBigUint64(1, BigInt(frame.attempt));
  view.setBigUint64(9, BigInt(frame.offset));
  out.set(frame.bytes, logFrameHeaderBytes);
  return out;
}

export function decodeLogFrame(data: Uint8Array): Result<LogFrame, { kind: 'malformed-frame' }> {
  if (data.length < logFrameHeaderBytes || data[0] !== kindLog) {
    return err({ kind: 'malformed-frame' });
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const attempt = Number(view.getBigUint64(1));
  const offset = Number(view.getBigUint64(9));
  if (!Number.isSafeInteger(attempt) || !Number.isSafeInteger(offset)) {
    return err({ kind: 'malformed-frame' });
  }
  return ok({ attempt, offset, bytes: data.subarray(logFrameHeaderBytes) });
}
