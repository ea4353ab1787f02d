/** The meter for each encoding in which nars lie in the nar store. */
import { createGunzip } from 'node:zlib';
import { Transform } from 'node:stream';
import type { NarMeter } from '#application/ports/nar-meter.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import {
  StreamedNarMeter,
  unfoldedBytes,
  type Decompressor,
  type MeterLimits,
} from './streamed-nar-meter.js';
import { ZstdNarMeter } from './zstd-nar-meter.js';

/** Null for lzip, which Node does not unfold: such a file is known by its own hash alone. */
export function startNarMeter(compression: Compression, limits: MeterLimits): NarMeter | null {
  switch (compression) {
    case 'zstd':
      return new ZstdNarMeter(limits);
    case 'gzip':
      return new StreamedNarMeter(createGunzip({ chunkSize: unfoldedBytes }), limits);
    case 'none':
      return new StreamedNarMeter(plain(), limits);
    case 'lzip':
      return null;
  }
}

/** What is not compressed goes through as it is, and is counted. */
function plain(): Decompressor {
  let bytesWritten = 0;
  const through = new Transform({
    transform(bytes: Uint8Array, _encoding, done) {
      bytesWritten += bytes.length;
      done(null, bytes);
    },
  });
  return Object.defineProperty(through, 'bytesWritten', {
    get: () => bytesWritten,
  }) as unknown as Decompressor;
}
