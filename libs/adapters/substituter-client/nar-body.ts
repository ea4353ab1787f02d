/**
 * The body of one nar upload: compressed while it streams, watched for standing still, and able to
 * tell an error of the nar's source (a file that changed, a full disk) from one of the connection.
 */
import { pipeline, Readable, Transform } from 'node:stream';
import { constants } from 'node:zlib';
import { ZstdCompressor } from '#adapters/system/zstd-compressor.js';

interface BodyOptions {
  readonly level: number;
  readonly times: { readonly stall: number; readonly answer: number };
  /** Compressed bytes that need not be sent: equal nars in equal pieces compress alike. */
  readonly skip: number;
}

const bufferBytes = 1024 * 1024;

export class NarBody {
  private readonly compressor: ZstdCompressor;
  private readonly abort = new AbortController();
  private failure: { readonly error: unknown } | undefined;
  private watch: NodeJS.Timeout;

  constructor(
    nar: AsyncIterable<Uint8Array>,
    private readonly options: BodyOptions,
  ) {
    this.watch = this.startWatch(options.times.stall, 'the upload stood still');
    this.compressor = new ZstdCompressor({
      chunkSize: bufferBytes / 4,
      params: { [constants.ZSTD_c_compressionLevel]: options.level },
    });
    const source = Readable.from(this.watched(nar), {
      objectMode: false,
      highWaterMark: bufferBytes,
    });
    // A cut connection destroys the compressor, and so the source; fetch reports it.
    pipeline(source, this.compressor, () => undefined);
  }

  init(): { body: ReadableStream; duplex: 'half'; signal: AbortSignal } {
    const { skip } = this.options;
    const sent = skip === 0 ? this.compressor : withoutFirst(skip);
    if (sent !== this.compressor) pipeline(this.compressor, sent, () => undefined);
    const body = Readable.toWeb(sent) as ReadableStream;
    return { body, duplex: 'half', signal: this.abort.signal };
  }

  /** What the nar's source threw, if it did. */
  sourceError(): unknown {
    return this.failure?.error;
  }

  close(): void {
    clearTimeout(this.watch);
    this.compressor.destroy();
  }

  private async *watched(nar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of nar) {
        yield piece;
        this.watch.refresh();
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
    clearTimeout(this.watch);
    this.watch = this.startWatch(this.options.times.answer, 'no answer came to the upload');
  }

  private startWatch(milliseconds: number, sentence: string): NodeJS.Timeout {
    const timer = setTimeout(() => this.abort.abort(new Error(sentence)), milliseconds);
    return timer.unref();
  }
}

function withoutFirst(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      const skipped = Math.min(left, piece.length);
      left -= skipped;
      done(null, piece.subarray(skipped));
    },
  });
}
