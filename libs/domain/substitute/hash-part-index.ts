/**
 * What is held of millions of paths, found by store and hash part: an open hash table in typed
 * arrays, some 60 bytes an entry, cut into shards so that the growth of one takes less than a
 * millisecond. A handle is good until the next `put`. The numbers of an entry mean nothing here.
 */
import { nix32Alphabet } from '#formats/base32.js';

/** Characters. */
const hashPartLength = 32;
/** A key takes six words: 160 bits of hash part, and the store. */
export const keyWords = 6;

const shardBits = 8;
const shards = 1 << shardBits;
/** key, location, length, digest, marks */
const stride = keyWords + 4;
const [locationAt, lengthAt, digestAt, marksAt] = [6, 7, 8, 9];
const used = 0x80000000;
const firstCapacity = 64;
/** Of a shard's slots, so many are taken at most. */
const fullest = 0.85;
const growth = 1.5;

const noDigit = 255;
const digits = new Uint8Array(256).fill(noDigit);
for (let i = 0; i < nix32Alphabet.length; i++) digits[nix32Alphabet.charCodeAt(i)] = i;

/** A place's key, written anew for each place. */
export class PlaceKey {
  readonly words = new Uint32Array(keyWords);

  /** Reads the hash part at `at` in `text`; false when there is none. */
  read(store: number, text: string, at = 0): boolean {
    const { words } = this;
    let bad = 0;
    for (let word = 0, from = at; word < 5; word++, from += 6) {
      let bits = 0;
      for (let i = from; i < from + 6; i++) {
        const code = text.charCodeAt(i);
        const digit = digits[code & 255]!;
        bad |= digit | (code & ~255);
        bits = (bits << 5) | (digit & 31);
      }
      words[word] = bits;
    }
    const [high, low] = [text.charCodeAt(at + 30), text.charCodeAt(at + 31)];
    bad |= digits[high & 255]! | digits[low & 255]! | ((high | low) & ~255);
    words[5] = (store << 10) | ((digits[high & 255]! & 31) << 5) | (digits[low & 255]! & 31);
    return bad < 32 && text.length >= at + hashPartLength;
  }
}

export interface Entry {
  /** Of the answer, in units of its keeper; 0 when nothing is held. */
  readonly location: number;
  readonly length: number;
  readonly digest: number;
  /** At most 31 bits. */
  readonly marks: number;
}

export class HashPartIndex {
  private readonly tables: Uint32Array[] = [];
  private readonly counts = new Uint32Array(shards);
  private total = 0;

  constructor() {
    for (let i = 0; i < shards; i++) this.tables.push(new Uint32Array(firstCapacity * stride));
  }

  /** Entries, those whose answer was forgotten among them. */
  get size(): number {
    return this.total;
  }

  /** The handle of an entry; -1 when there is none. */
  find(key: Uint32Array): number {
    const hash = mixed(key);
    const shard = hash & (shards - 1);
    const slot = slotOf(this.tables[shard]!, key, hash >>> shardBits);
    return this.tables[shard]![slot * stride + marksAt] === 0 ? -1 : slot * shards + shard;
  }

  /** Makes the entry if it is not there, and writes it. */
  put(key: Uint32Array, entry: Entry): number {
    const hash = mixed(key);
    const shard = hash & (shards - 1);
    let table = this.tables[shard]!;
    let slot = slotOf(table, key, hash >>> shardBits);
    if (table[slot * stride + marksAt] === 0) {
      const count = this.counts[shard]! + 1;
      if (count > (table.length / stride) * fullest) {
        table = this.tables[shard] = grown(table);
        slot = slotOf(table, key, hash >>> shardBits);
      }
      this.counts[shard] = count;
      this.total += 1;
      table.set(key, slot * stride);
    }
    const from = slot * stride;
    table[from + locationAt] = entry.location;
    table[from + lengthAt] = entry.length;
    table[from + digestAt] = entry.digest;
    table[from + marksAt] = entry.marks | used;
    return slot * shards + shard;
  }

  location(handle: number): number {
    return this.word(handle, locationAt);
  }

  length(handle: number): number {
    return this.word(handle, lengthAt);
  }

  digest(handle: number): number {
    return this.word(handle, digestAt);
  }

  marks(handle: number): number {
    return this.word(handle, marksAt) & ~used;
  }

  mark(handle: number, marks: number): void {
    const slot = (handle / shards) | 0;
    this.tables[handle & (shards - 1)]![slot * stride + marksAt] = marks | used;
  }

  /** Nothing is held of the path from now on. */
  forget(key: Uint32Array): void {
    const handle = this.find(key);
    if (handle < 0) return;
    const slot = (handle / shards) | 0;
    this.tables[handle & (shards - 1)]![slot * stride + locationAt] = 0;
  }

  /** Forgets all of one store. */
  forgetStore(store: number): void {
    for (const table of this.tables) {
      for (let from = 0; from < table.length; from += stride) {
        if (table[from + 5]! >>> 10 === store) table[from + locationAt] = 0;
      }
    }
  }

  private word(handle: number, at: number): number {
    const slot = (handle / shards) | 0;
    return this.tables[handle & (shards - 1)]![slot * stride + at]!;
  }
}

/** Hash parts are even as they come; the numbers of tests and of benches are not. */
function mixed(key: Uint32Array): number {
  let hash = 0x9e3779b9;
  for (let i = 0; i < keyWords; i++) {
    hash = Math.imul(hash ^ key[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The slot that holds the key, or the free one where it belongs. */
function slotOf(table: Uint32Array, key: Uint32Array, hash: number): number {
  const capacity = table.length / stride;
  for (let slot = hash % capacity; ; slot = slot + 1 === capacity ? 0 : slot + 1) {
    const from = slot * stride;
    if (table[from + marksAt] === 0 || holds(table, from, key)) return slot;
  }
}

function holds(table: Uint32Array, from: number, key: Uint32Array): boolean {
  return (
    table[from] === key[0] &&
    table[from + 1] === key[1] &&
    table[from + 2] === key[2] &&
    table[from + 3] === key[3] &&
    table[from + 4] === key[4] &&
    table[from + 5] === key[5]
  );
}

function grown(table: Uint32Array): Uint32Array {
  const capacity = Math.ceil((table.length / stride) * growth);
  const larger = new Uint32Array(capacity * stride);
  for (let from = 0; from < table.length; from += stride) {
    if (table[from + marksAt] === 0) continue;
    const entry = table.subarray(from, from + stride);
    larger.set(entry, slotOf(larger, entry, mixed(entry) >>> shardBits) * stride);
  }
  return larger;
}
