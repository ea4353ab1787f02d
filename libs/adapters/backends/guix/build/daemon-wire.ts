/**
 * The bytes of guix-daemon's protocol: numbers of 64 bits, little-endian; strings as a length, the
 * bytes, and zeros up to a multiple of eight; lists as a count and their strings.
 */
import type { Socket } from 'node:net';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';

export type Field = number | string | Uint8Array | readonly string[];

/** Nothing that a daemon says is longer; the largest derivations have some megabytes. */
const longestString = 64 * 1024 * 1024;
const mostStrings = 10_000_000;

export function encodeFields(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.flatMap(encodeField));
}

function encodeField(field: Field): Uint8Array[] {
  if (typeof field === 'number') return [encodeNumber(field)];
  if (typeof field === 'string') return encodeString(Buffer.from(field));
  if (field instanceof Uint8Array) return encodeString(field);
  return [encodeNumber(field.length), ...field.flatMap((one) => encodeString(Buffer.from(one)))];
}

function encodeNumber(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function encodeString(bytes: Uint8Array): Uint8Array[] {
  return [encodeNumber(bytes.length), bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)];
}

/** Reads a socket in the pieces that the protocol has. */
export class WireReader {
  readonly #chunks: AsyncIterator<unknown>;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async number(): Promise<number> {
    const value = (await this.#take(8)).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw misread(`a number is ${value}`);
    return Number(value);
  }

  async bytes(): Promise<Buffer> {
    const length = await this.number();
    if (length > longestString) throw misread(`a string has ${length} bytes`);
    const padded = await this.#take(length + ((8 - (length % 8)) % 8));
    return padded.subarray(0, length);
  }

  async string(): Promise<string> {
    return (await this.bytes()).toString('utf8');
  }

  async strings(): Promise<string[]> {
    const count = await this.number();
    if (count > mostStrings) throw misread(`a list has ${count} strings`);
    const strings: string[] = [];
    for (let i = 0; i < count; i++) strings.push(await this.string());
    return strings;
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#heldBytes < length) {
      const next = await this.#chunks.next().catch((cause: unknown) => {
        throw new DaemonGone(sentenceOf(cause), cause);
      });
      if (next.done) throw new DaemonGone('it closed the connection');
      this.#held.push(next.value as Buffer);
      this.#heldBytes += (next.value as Buffer).length;
    }
    const [first] = this.#held;
    const all =
      first && first.length >= length ? first : Buffer.concat(this.#held, this.#heldBytes);
    const rest = this.#held.length > 1 && all === first ? this.#held.slice(1) : [];
    this.#held = [all.subarray(length), ...rest].filter((held) => held.length > 0);
    this.#heldBytes -= length;
    return all.subarray(0, length);
  }
}

/** The daemon went away before its answer was whole. */
export class DaemonGone extends FarmFault {
  constructor(why: string, cause?: unknown) {
    super('program-failed', `guix-daemon broke off: ${why}`, 'later', { cause });
  }
}

export function misread(why: string): FarmFault {
  return new FarmFault('program-failed', `guix-daemon says what cannot be read: ${why}`, 'later');
}
