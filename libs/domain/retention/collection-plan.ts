/**
 * Which paths of a store go, and in which order: those unused for the longest time first, and each
 * after all that refer to it. It is told of candidates in the descending order of their ids, in
 * which a path mostly comes after its referrers, since a path is offered after its references; one
 * that comes before them is left to the next collection.
 *
 * It holds 24 bytes for each path that goes: 1,000,000 paths are 24 MB.
 */
import { invariant } from '#std/invariant.js';
import { removable } from './unreferenced.js';

export interface PathCandidate {
  readonly id: number;
  /** When it was offered or last read, whichever is later: seconds since 1970. */
  readonly lastUsed: number;
  /** What its files take, in bytes. */
  readonly bytes: number;
  readonly referrers: readonly number[];
}

const firstRoom = 1024;
/** With the seconds of 68 years it makes a safe integer. */
const pathsAtMost = 2 ** 22;

export class CollectionPlan {
  private ids = new Float64Array(firstRoom);
  private used = new Float64Array(firstRoom);
  private sizes = new Float64Array(firstRoom);
  private length = 0;
  private total = 0;

  /** What is left goes in the next collection. */
  get isFull(): boolean {
    return this.length >= pathsAtMost - 100_000;
  }

  get paths(): number {
    return this.length;
  }

  get bytes(): number {
    return this.total;
  }

  /** What the first so many of them hold. */
  bytesOf(paths: number): number {
    if (paths >= this.length) return this.total;
    return this.order()
      .subarray(0, paths)
      .reduce((sum, at) => sum + this.sizes[at]!, 0);
  }

  /** Paths that nothing keeps but what refers to them. Answers how many of them go. */
  add(candidates: readonly PathCandidate[]): number {
    const batch = candidates.map(({ id, referrers }) => ({ id, mayGo: true, referrers }));
    const going = new Set(removable(batch, (id) => this.placeOf(id) >= 0));
    for (const one of candidates) if (going.has(one.id)) this.push(one);
    return going.size;
  }

  /** The ids in batches, in their order, until they hold so many bytes together. */
  *batches(size: number, wantedBytes = Infinity): Generator<number[], void, undefined> {
    let freed = 0;
    let batch: number[] = [];
    for (const at of this.order()) {
      if (freed >= wantedBytes) break;
      freed += this.sizes[at]!;
      batch.push(this.ids[at]!);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * Places, the longest unused first; those of the same second in the order of adding. Time and
   * place make one number, since numbers are sorted without a call for each pair: 1,000,000 in a
   * tenth of a second.
   */
  private order(): Float64Array {
    const used = this.used.subarray(0, this.length);
    const first = Math.floor(used.reduce((least, one) => Math.min(least, one), Infinity));
    const keys = used.map((one, at) => (Math.floor(one) - first) * pathsAtMost + at).sort();
    return keys.map((key) => key % pathsAtMost);
  }

  /** A path counts as used when the last of its referrers was, so that it goes after them. */
  private push({ id, lastUsed, bytes, referrers }: PathCandidate): void {
    const last = this.length === 0 ? Infinity : this.ids[this.length - 1]!;
    invariant(this.length < pathsAtMost, 'a full plan is carried out');
    invariant(id < last, 'candidates come in the descending order of their ids');
    if (this.length === this.ids.length) this.grow();
    const of = (referrer: number): number => this.used[this.placeOf(referrer)] ?? 0;
    this.ids[this.length] = id;
    this.used[this.length] = referrers.reduce((most, one) => Math.max(most, of(one)), lastUsed);
    this.sizes[this.length] = bytes;
    this.length += 1;
    this.total += bytes;
  }

  private grow(): void {
    const larger = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.ids = larger(this.ids);
    this.used = larger(this.used);
    this.sizes = larger(this.sizes);
  }

  /** Where the id stands; -1 when it does not go. */
  private placeOf(id: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.ids[middle]!;
      if (found === id) return middle;
      if (found > id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
