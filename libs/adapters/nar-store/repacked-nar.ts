/**
 * Pushed nars, packed anew: Node unpacks gzip and brotli, programs of the system the rest (xz,
 * which is what Nix sends unless told otherwise, lzip and bzip2). Nothing is held but what streams.
 */
import { spawn } from 'node:child_process';
import { Duplex, pipeline, Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib';
import { ZstdCompressor } from '#adapters/system/zstd-compressor.js';
import type { OpenPushedNar, PackingRefusal, PushedNar } from '#application/ports/pushed-nar.js';
import { packingOf, tellingBytes, type PushedPacking } from '#domain/substitute/pushed-file.js';
import { createSha256, formatHash } from '#formats/hash.js';
import { err, ok, type Result } from '#std/result.js';

/** A nar of more than `freeBytes` may be `steepest` times as large as what was sent, at most. */
export interface Steepness {
  readonly freeBytes: number;
  readonly steepest: number;
}

const zstdLevel = 3;
const bufferBytes = 256 * 1024;

/** Each reads its standard input, and takes bounded memory, so that a window cannot fill it. */
const programs: Partial<Record<PushedPacking, readonly [string, ...string[]]>> = {
  xz: ['xz', '--decompress', '--stdout', '--memlimit-decompress=512MiB'],
  lzip: ['lzip', '--decompress', '--stdout'],
  bzip2: ['bzip2', '--decompress', '--stdout'],
};

export function repacking(steepness: Steepness): OpenPushedNar {
  return (name, body) => new RepackedNar(name, body, steepness);
}

export const openRepacked = repacking({ freeBytes: 1024 ** 3, steepest: 5_000 });

class RepackedNar implements PushedNar {
  readonly bytes: AsyncIterable<Uint8Array>;
  private readonly hash = createSha256();
  private refusal: PackingRefusal | undefined;
  /** Of a program that unpacks; streams may only see that it closed. */
  private missing = false;
  /** What the sender's connection threw. */
  private lost: { readonly error: unknown } | undefined;

  constructor(
    private readonly name: string,
    body: AsyncIterable<Uint8Array>,
    private readonly steepness: Steepness,
  ) {
    this.bytes = this.repacked(this.hashed(body));
  }

  end(): Result<{ readonly fileHash: string }, PackingRefusal> {
    if (this.refusal) return err(this.refusal);
    const digest = this.hash.digest();
    return ok({ fileHash: formatHash({ algorithm: 'sha256', digest }) });
  }

  private async *hashed(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const sender = body[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<Uint8Array>> =>
      sender.next().catch((error: unknown) => {
        this.lost = { error };
        throw error;
      });
    try {
      for (let piece = await next(); !piece.done; piece = await next()) {
        this.hash.update(piece.value);
        yield piece.value;
      }
    } finally {
      await sender.return?.();
    }
  }

  private async *repacked(sent: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    const first = await beginningOf(sent);
    const packing = packingOf(this.name, first);
    if (packing === null) {
      this.refusal = { kind: 'unknown-packing' };
      return;
    }
    const whole = startingWith(first, sent);
    if (packing === 'zstd') return yield* whole;
    yield* this.packedAnew(packing, whole);
    // The unpacker stops at its end; what follows belongs to the hash of the file.
    for await (const piece of sent) void piece;
  }

  private async *packedAnew(
    packing: PushedPacking,
    whole: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const compressor = newCompressor();
    const source = Readable.from(whole, { objectMode: false });
    const unpacker = unpackers(packing, () => {
      this.missing = true;
    });
    const stages = [source, ...unpacker, this.bounded(), compressor];
    const done = new Promise<Error | null>((resolve) => {
      pipeline(stages, (error) => resolve(error ?? null));
    });
    try {
      yield* compressor as AsyncIterable<Uint8Array>;
    } catch {
      // What went wrong is told by the pipeline, which knows the first cause.
    } finally {
      compressor.destroy();
    }
    const error = await done;
    if (this.lost) throw this.lost.error;
    if (!error || this.refusal) return;
    this.refusal = this.missing
      ? { kind: 'packing-not-read', packing }
      : { kind: 'not-unpacked', packing, detail: error.message };
  }

  /** Ends what unfolds beyond measure while it unfolds. */
  private bounded(): Transform {
    const { freeBytes, steepest } = this.steepness;
    let unfolded = 0;
    return new Transform({
      transform: (piece: Uint8Array, _encoding, done) => {
        unfolded += piece.length;
        const limit = Math.max(freeBytes, this.hash.bytesSeen * steepest);
        if (unfolded <= limit) return done(null, piece);
        this.refusal = { kind: 'too-large', limit };
        done(new Error('it unfolds beyond measure'));
      },
    });
  }
}

function newCompressor(): ZstdCompressor {
  return new ZstdCompressor({
    chunkSize: bufferBytes,
    params: { [constants.ZSTD_c_compressionLevel]: zstdLevel },
  });
}

function unpackers(packing: PushedPacking, isMissing: () => void): Duplex[] {
  if (packing === 'none') return [];
  if (packing === 'gzip') return [createGunzip({ chunkSize: bufferBytes })];
  if (packing === 'brotli') return [createBrotliDecompress({ chunkSize: bufferBytes })];
  return [byProgram(programs[packing] ?? [packing], isMissing)];
}

/** A program between its standard input and output; that it failed is an error of the stream. */
function byProgram(
  [program, ...args]: readonly [string, ...string[]],
  isMissing: () => void,
): Duplex {
  const env = { PATH: process.env['PATH'] };
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  const complaint: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 16) complaint.push(text);
  });
  // A program that ends early closes its input; why is told by its status.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Error | null>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') isMissing();
      resolve(error);
    });
    child.once('close', (status) => {
      const said = complaint.join('').trim().split('\n')[0]?.slice(0, 200);
      resolve(status === 0 ? null : new Error(said || `${program} ended with ${status}`));
    });
  });
  async function* unpacked(): AsyncGenerator<Uint8Array> {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const error = await ended;
    if (error) throw error;
  }
  const output = Readable.from(unpacked(), { objectMode: false });
  const both = Duplex.from({ writable: child.stdin, readable: output });
  both.once('close', () => child.kill('SIGKILL'));
  return both;
}

async function beginningOf(sent: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  while (size < tellingBytes) {
    const next = await sent.next();
    if (next.done) break;
    pieces.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(pieces);
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}
