/**
 * Reads tar archives (POSIX ustar with pax headers, and GNU's long names) as they stream by. Bodies
 * come as they are; nothing is believed of a name.
 */

export interface TarEntry {
  readonly path: string;
  /** Of its body, in bytes. */
  readonly size: number;
  /** Whether it is an ordinary file. */
  readonly isFile: boolean;
  /** To be read before the next entry is asked for; what is not read is passed over. */
  readonly body: AsyncIterable<Uint8Array>;
}

const block = 512;
/** A name or pax header longer than this is nobody's. */
const longestHeader = 1024 * 1024;
const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

export class TarError extends Error {
  override readonly name = 'TarError';
}

/** Whether the first 512 bytes can be those of an archive. */
export function looksLikeTar(head: Uint8Array): boolean {
  return head.length >= 262 && latin(head.subarray(257, 262)) === 'ustar';
}

/** Throws TarError for what is no archive, or is cut. */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<TarEntry, void, undefined> {
  const source = new ByteSource(stream);
  let longName: string | null = null;
  try {
    for (;;) {
      const header = await source.exactly(block, 'end');
      if (header === null || header.every((byte) => byte === 0)) return;
      const { type, size, path } = headerOf(header);
      if (type === 'L' || type === 'x' || type === 'g') {
        if (size > longestHeader) throw new TarError('a name in it is too long');
        const body = (await source.exactly(size)) ?? new Uint8Array(0);
        await source.exactly(padding(size));
        if (type === 'L') longName = textOf(body).replace(/\0.*$/s, '');
        if (type === 'x') longName = paxPath(textOf(body)) ?? longName;
        continue;
      }
      const body = new Body(source, size);
      yield { path: longName ?? path, size, isFile: type === '0' || type === '\0', body };
      await body.passOver();
      await source.exactly(padding(size));
      longName = null;
    }
  } finally {
    await source.close();
  }
}

function headerOf(header: Uint8Array): { type: string; size: number; path: string } {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== octal(header.subarray(148, 156))) throw new TarError('it is no tar archive');
  const name = field(header.subarray(0, 100));
  const isPosix = latin(header.subarray(257, 263)) === 'ustar\0';
  const prefix = isPosix ? field(header.subarray(345, 500)) : '';
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const type = String.fromCharCode(header[156] ?? 0);
  // Links and directories have no body, whatever their size says.
  const size = /[1-6]/.test(type) ? 0 : sizeOf(header.subarray(124, 136));
  return { type, size, path };
}

/** Octal, or GNU's big-endian binary when the first bit is set. */
function sizeOf(bytes: Uint8Array): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return octal(bytes);
  const size = bytes.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
  if (!Number.isSafeInteger(size)) throw new TarError('a file in it has no possible size');
  return size;
}

function octal(bytes: Uint8Array): number {
  const value = Number.parseInt(latin(bytes).replace(/[\0 ].*$/s, '') || '0', 8);
  if (!Number.isSafeInteger(value)) throw new TarError('a number in it cannot be read');
  return value;
}

function field(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return textOf(end === -1 ? bytes : bytes.subarray(0, end));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** Records are `LENGTH KEY=VALUE\n`. */
function paxPath(text: string): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1] ?? null;
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

class Body implements AsyncIterable<Uint8Array> {
  #left: number;

  constructor(
    private readonly source: ByteSource,
    size: number,
  ) {
    this.#left = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#left > 0) {
      const piece = await this.source.some(this.#left);
      this.#left -= piece.length;
      yield piece;
    }
  }

  async passOver(): Promise<void> {
    while (this.#left > 0) this.#left -= (await this.source.some(this.#left)).length;
  }
}

class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** At least one byte and at most so many. */
  async some(most: number): Promise<Uint8Array> {
    if (this.#piece.length === 0 && !(await this.#more())) throw new TarError('it is cut');
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** Null: the stream is over, where that may be. */
  async exactly(length: number, atEnd?: 'end'): Promise<Uint8Array | null> {
    const whole = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const isOver = this.#piece.length === 0 && !(await this.#more());
      if (isOver && filled === 0 && atEnd === 'end') return null;
      if (isOver) throw new TarError('it is cut');
      const piece = await this.some(length - filled);
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return false;
      this.#piece = next.value;
    }
    return true;
  }
}
