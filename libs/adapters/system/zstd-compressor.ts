/**
 * Compresses a stream into one frame of zstd. Node's own compressor, when its input ends before it
 * has taken the last piece, ends the frame with that piece and then once more: an empty frame
 * follows, of which no reader that stops after one frame knows, and which two runs over equal bytes
 * may or may not have. Here it hears of the end when it has taken everything.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { createZstdCompress, type ZstdCompress, type ZstdOptions } from 'node:zlib';

export class ZstdCompressor extends Transform {
  private readonly inner: ZstdCompress;

  constructor(options: ZstdOptions = {}) {
    super();
    this.inner = createZstdCompress(options);
    this.inner.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) this.inner.pause();
    });
    this.inner.on('error', (error) => this.destroy(error));
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.inner.write(bytes, (error) => done(error ?? null));
  }

  override _flush(done: TransformCallback): void {
    this.inner.once('end', () => done());
    this.inner.end();
  }

  override _read(size: number): void {
    this.inner.resume();
    super['_read'](size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner.destroy();
    done(error);
  }
}
