/**
 * Encodes nars by the system's own gzip and lzip, in processes of their own that give way to all
 * others; Node undoes zstd and gzip. Both are streams: a nar of many gigabytes costs no memory.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { Readable, type Writable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { NarCodec } from '#application/ports/nar-codec.js';
import { addableEncodings, type AddableEncoding } from '#domain/substitute/encodings.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';

/** Without a name and a time in it, so that equal nars make equal files. */
const commands: Readonly<Record<AddableEncoding, readonly string[]>> = {
  gzip: ['gzip', '-c', '-n', '-6'],
  lzip: ['lzip', '-c', '-3'],
};

type Encoder = ChildProcessByStdio<Writable, Readable, null>;

export class ProgramCodec implements NarCodec {
  /** `path` is where programs are looked for. */
  constructor(private readonly path = process.env['PATH'] ?? '') {}

  async available(): Promise<ReadonlySet<AddableEncoding>> {
    const there = await Promise.all(addableEncodings.map((encoding) => this.runs(encoding)));
    return new Set(addableEncodings.filter((_, at) => there[at]));
  }

  async *unfold(from: Compression, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (from === 'none') return yield* bytes;
    const unfolding = from === 'zstd' ? createZstdDecompress() : createGunzip();
    const reading = pipeline(Readable.from(bytes), unfolding).catch(() => undefined);
    try {
      yield* unfolding as AsyncIterable<Uint8Array>;
    } catch (cause) {
      const sentence = `a nar in ${from} cannot be unpacked: ${sentenceOf(cause)}`;
      throw new FarmFault('corrupt-data', sentence, 'never', { cause });
    } finally {
      unfolding.destroy();
      await reading;
    }
  }

  async *fold(to: Compression, nar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (to !== 'gzip' && to !== 'lzip') return yield* nar;
    const encoder = this.start(to);
    const ended = once(encoder, 'close') as Promise<[number | null]>;
    let broken: unknown;
    const feeding = pipeline(Readable.from(nar), encoder.stdin).catch((cause: unknown) => {
      broken ??= cause;
      encoder.kill('SIGKILL');
    });
    try {
      yield* encoder.stdout as AsyncIterable<Uint8Array>;
      await feeding;
      const [status] = await ended;
      // Why the nar could not be read says more than how the program met its end.
      if (broken) throw broken;
      if (status !== 0) throw failed(to, `it ended with ${status}`);
    } finally {
      encoder.kill('SIGKILL');
      await feeding;
    }
  }

  private start(encoding: AddableEncoding): Encoder {
    const [program = '', ...words] = commands[encoding];
    const encoder = spawn(program, words, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: this.path },
    });
    // It may be gone already.
    try {
      if (encoder.pid !== undefined) setPriority(encoder.pid, constants.priority.PRIORITY_LOW);
    } catch {}
    return encoder;
  }

  private async runs(encoding: AddableEncoding): Promise<boolean> {
    const [program = ''] = commands[encoding];
    const child = spawn(program, ['--version'], { stdio: 'ignore', env: { PATH: this.path } });
    const [status] = (await once(child, 'close').catch(() => [null])) as [number | null];
    return status === 0;
  }
}

function failed(encoding: string, how: string): FarmFault {
  return new FarmFault('program-failed', `${encoding} cannot encode a nar: ${how}`, 'later');
}
