/**
 * Answers of so many paths at most: an index of them all, their bytes in a file, and those that are
 * asked often in memory too.
 */
import { HashPartIndex, type Entry } from '#domain/substitute/hash-part-index.js';
import type { AnswerFile } from './answer-file.js';
import { SlabMemory } from './slab-memory.js';

/** Of the answers that come from the file, one in so many is put into memory. */
const chosen = 8;

export class Shelf {
  private readonly index = new HashPartIndex();
  private readonly memory: SlabMemory;
  private reads = 0;

  /** Without a file, what memory has no room for is lost. */
  constructor(
    private readonly file: AnswerFile | null,
    memoryBytes: number,
  ) {
    this.memory = new SlabMemory(memoryBytes);
  }

  get entries(): number {
    return this.index.size;
  }

  get fileBytes(): number {
    return this.file?.size ?? 0;
  }

  /** The handle of an answer that is held; -1 when there is none. It is good until `put`. */
  find(key: Uint32Array): number {
    const handle = this.index.find(key);
    return handle >= 0 && this.index.location(handle) !== 0 ? handle : -1;
  }

  /** Null when it must be fetched, or is lost. */
  read(handle: number): Buffer | null {
    const location = this.index.location(handle);
    const held = this.memory.get(location);
    if (held) return held;
    const bytes = this.file?.read(location, this.index.length(handle)) ?? null;
    if (bytes && (this.reads = (this.reads + 1) % chosen) === 0) this.memory.put(location, bytes);
    return bytes;
  }

  async fetch(handle: number): Promise<Buffer | null> {
    return this.read(handle) ?? this.fetchSlowly(handle);
  }

  put(key: Uint32Array, bytes: Buffer, told: Pick<Entry, 'digest' | 'marks'>): void {
    const location = this.file ? this.file.append(bytes) : this.numbered();
    this.index.put(key, { location, length: bytes.length, ...told });
    if (location !== 0) this.memory.put(location, bytes);
  }

  digest(handle: number): number {
    return this.index.digest(handle);
  }

  marks(handle: number): number {
    return this.index.marks(handle);
  }

  mark(handle: number, marks: number): void {
    this.index.mark(handle, marks);
  }

  forget(key: Uint32Array): void {
    this.index.forget(key);
  }

  forgetStore(store: number): void {
    this.index.forgetStore(store);
  }

  async settled(): Promise<void> {
    await this.file?.settled();
  }

  async close(): Promise<void> {
    this.memory.clear();
    await this.file?.close();
  }

  private fetchSlowly(handle: number): Promise<Buffer | null> {
    const [location, length] = [this.index.location(handle), this.index.length(handle)];
    return this.file?.fetch(location, length) ?? Promise.resolve(null);
  }

  private numbers = 0;

  private numbered(): number {
    this.numbers = (this.numbers + 1) >>> 0 || 1;
    return this.numbers;
  }
}
