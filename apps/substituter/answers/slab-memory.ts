/**
 * Answers in memory, a bounded number of bytes: laid one after the other into slabs, of which the
 * oldest goes as a whole. A buffer of its own for each would keep the garbage collector busy; and
 * what is being sent keeps its slab alive.
 */
const slabBytes = 1024 * 1024;

interface Slab {
  readonly bytes: Buffer;
  readonly locations: number[];
}

export class SlabMemory {
  private readonly answers = new Map<number, Buffer>();
  private slabs: Slab[] = [];
  private used = slabBytes;

  constructor(private readonly bytesAtMost: number) {}

  get(location: number): Buffer | undefined {
    return this.answers.get(location);
  }

  put(location: number, bytes: Buffer): void {
    if (bytes.length > slabBytes || this.answers.has(location)) return;
    if (this.used + bytes.length > slabBytes) this.turn();
    const slab = this.slabs.at(-1)!;
    slab.bytes.set(bytes, this.used);
    slab.locations.push(location);
    this.answers.set(location, slab.bytes.subarray(this.used, this.used + bytes.length));
    this.used += bytes.length;
  }

  clear(): void {
    this.answers.clear();
    this.slabs = [];
    this.used = slabBytes;
  }

  private turn(): void {
    const room = Math.max(1, Math.floor(this.bytesAtMost / slabBytes));
    const gone = this.slabs.splice(0, Math.max(0, this.slabs.length - room + 1));
    for (const { locations } of gone) {
      for (const location of locations) this.answers.delete(location);
    }
    this.slabs.push({ bytes: Buffer.allocUnsafeSlow(slabBytes), locations: [] });
    this.used = 0;
  }
}
