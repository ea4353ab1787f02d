/** The bytes beneath a compression, told by how they begin; nothing is written to disk. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

export type Bytes = AsyncIterable<Uint8Array>;

const magics = [
  { name: 'gzip', bytes: [0x1f, 0x8b] },
  { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'lzip', bytes: [0x4c, 0x5a, 0x49, 0x50] },
  { name: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { name: 'squashfs', bytes: [0x68, 0x73, 0x71, 0x73] },
] as const;

export type Wrapping = (typeof magics)[number]['name'] | 'none';

export function wrappingOf(head: Uint8Array): Wrapping {
  const found = magics.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte));
  return found?.name ?? 'none';
}

/** The first bytes of a stream, and the stream as if none had been taken. */
export async function peek(stream: Bytes, length: number): Promise<[Uint8Array, Bytes]> {
  const iterator = stream[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let seen = 0;
  while (seen < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    pieces.push(next.value);
    seen += next.value.length;
  }
  const head = Buffer.concat(pieces);
  return [head.subarray(0, length), again(head, iterator)];
}

async function* again(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

/** Throws an Error that names the program that is missing. */
export function unwrapped(stream: Bytes, wrapping: Exclude<Wrapping, 'squashfs'>): Bytes {
  if (wrapping === 'none') return stream;
  const source = Readable.from(stream);
  if (wrapping === 'gzip') return flowing(source, createGunzip());
  if (wrapping === 'zstd') return flowing(source, createZstdDecompress());
  return throughProgram(wrapping, source);
}

function flowing(source: Readable, sink: NodeJS.ReadWriteStream & Readable): Bytes {
  source.once('error', (error) => sink.destroy(error));
  sink.once('close', () => source.destroy());
  source.pipe(sink);
  return sink;
}

async function* throughProgram(program: string, source: Readable): AsyncGenerator<Uint8Array> {
  const child = spawn(program, ['-d', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', () => reject(new Error(`the program ${program} is needed to read it`)));
  });
  failed.catch(() => undefined);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => source.destroy());
  source.once('error', () => child.kill());
  source.pipe(child.stdin);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await Promise.race([ended, failed]);
    if (code !== 0) throw new Error(`${program} cannot read it to its end`);
  } finally {
    child.kill();
    source.destroy();
  }
}
