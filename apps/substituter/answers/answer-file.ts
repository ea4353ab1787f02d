/**
 * Answers on the local disk, for those that memory has no room for: one file that only grows, has
 * no name from its first moment on, and ends with its process. What is not written yet is read from
 * memory. A disk that fails or lags costs nothing but speed: what is not found is made anew.
 */
import { randomUUID } from 'node:crypto';
import { readSync } from 'node:fs';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

/** Bytes that are written at once. */
const chunkBytes = 256 * 1024;
/** Chunks that wait for the disk at most; what comes meanwhile is not kept. */
const waitingAtMost = 16;
/** Locations count in such units, so that 32 bits reach 64 GiB. */
const unit = 16;
/** A read out of the page cache takes microseconds; one that took so many waited for the disk. */
const slowMilliseconds = 2;
/** Reads that are left to the thread pool after a slow one. */
const carefulReads = 200;

interface Chunk {
  readonly at: number;
  readonly bytes: Buffer;
}

export class AnswerFile {
  /** The first unit stays empty: location 0 is no location. */
  private chunk: Chunk = { at: unit, bytes: Buffer.allocUnsafeSlow(chunkBytes) };
  private used = 0;
  private waiting: Chunk[] = [];
  /** The bytes of a chunk that is written: nobody else ever held them. */
  private spare: Buffer | null = null;
  private writing: Promise<void> = Promise.resolve();
  private broken = false;
  private careful = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly tell: (error: unknown) => void,
  ) {}

  /** `tell` hears once when the file cannot be written any more. */
  static async create(directory: string, tell: (error: unknown) => void): Promise<AnswerFile> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, randomUUID());
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new AnswerFile(file, tell);
  }

  /** Bytes that the file takes, with those that are still to be written. */
  get size(): number {
    return this.chunk.at + this.used;
  }

  /** Where the bytes lie from now on; 0 when they are not kept. */
  append(bytes: Uint8Array): number {
    const length = Math.ceil(bytes.length / unit) * unit;
    if (this.broken || length > chunkBytes) return 0;
    if (this.used + length > chunkBytes && !this.turn()) return 0;
    const at = this.chunk.at + this.used;
    this.chunk.bytes.set(bytes, this.used);
    this.used += length;
    return at / unit;
  }

  /** Null when the disk is slow just now, so that `fetch` should be asked, or does not have it. */
  read(location: number, length: number): Buffer | null {
    const at = location * unit;
    const held = this.unwritten(at, length);
    if (held) return held;
    if (this.careful > 0) {
      this.careful -= 1;
      return null;
    }
    const bytes = Buffer.allocUnsafe(length);
    const began = performance.now();
    const size = readSync(this.file.fd, bytes, 0, length, at);
    if (performance.now() - began > slowMilliseconds) this.careful = carefulReads;
    return size === length ? bytes : null;
  }

  /** The same without holding up anybody. */
  async fetch(location: number, length: number): Promise<Buffer | null> {
    const at = location * unit;
    const held = this.unwritten(at, length);
    if (held) return held;
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.file.read(bytes, 0, length, at);
    return bytesRead === length ? bytes : null;
  }

  /** Resolves when nothing waits for the disk. */
  settled(): Promise<void> {
    return this.writing;
  }

  async close(): Promise<void> {
    this.broken = true;
    await this.writing;
    await this.file.close();
  }

  private unwritten(at: number, length: number): Buffer | null {
    for (const { at: from, bytes } of [this.chunk, ...this.waiting]) {
      if (at < from || at >= from + chunkBytes) continue;
      return Buffer.from(bytes.subarray(at - from, at - from + length));
    }
    return null;
  }

  /** Whether a new chunk could be begun. */
  private turn(): boolean {
    if (this.waiting.length >= waitingAtMost) return false;
    const full = this.chunk;
    this.waiting = [...this.waiting, full];
    const bytes = this.spare ?? Buffer.allocUnsafeSlow(chunkBytes);
    this.spare = null;
    this.chunk = { at: full.at + chunkBytes, bytes };
    this.used = 0;
    this.writing = this.writing.then(() => this.write(full));
    return true;
  }

  private async write(chunk: Chunk): Promise<void> {
    if (!this.broken) {
      const { at, bytes } = chunk;
      await this.file.write(bytes, 0, bytes.length, at).catch((error: unknown) => {
        if (!this.broken) this.tell(error);
        this.broken = true;
      });
    }
    this.waiting = this.waiting.filter((other) => other !== chunk);
    this.spare = chunk.bytes;
  }
}
