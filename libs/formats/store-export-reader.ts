/**
 * Reads an archive of `nix-store --export` or `guix archive --export` pushed in pieces of any size.
 * Nars pass through as views of the pieces; what is held besides is one unfinished field, and the
 * references of one item.
 */
import { err, ok, type Result } from '#std/result.js';
import { createSha256, type HashSink } from './hash.js';
import { paddingOf } from './nar/grammar.js';
import { NarReader } from './nar/reader.js';
import { exportMagic, type ExportedItem } from './store-export.js';
import { parseStorePath, storeDirectoryOf } from './store-path.js';

export type ExportEvent =
  | { readonly kind: 'nar'; readonly bytes: Uint8Array }
  /** Its nar has passed. */
  | {
      readonly kind: 'item';
      readonly item: ExportedItem;
      /** Of what a signature covers: SHA-256. */
      readonly digest: Uint8Array;
      readonly signature: string | null;
    }
  | { readonly kind: 'end' };

export interface ExportError {
  readonly kind:
    | 'not-an-archive'
    | 'bad-nar'
    | 'bad-magic'
    | 'bad-path'
    | 'bad-number'
    | 'bad-padding'
    | 'too-long'
    | 'trailing-bytes'
    | 'truncated';
  /** In bytes from the beginning of the archive, where the field or byte at fault begins. */
  readonly offset: number;
}

export interface ExportLimits {
  /** Of one item. */
  readonly references: number;
  /** Bytes of a path, and of a signature. */
  readonly string: number;
}

export const defaultExportLimits: ExportLimits = { references: 1_000_000, string: 1 << 16 };

type Place =
  | 'more'
  | 'nar'
  | 'magic'
  | 'path'
  | 'count'
  | 'reference'
  | 'deriver'
  | 'signed'
  | 'signature'
  | 'nothing';

const strings: ReadonlySet<Place> = new Set(['path', 'reference', 'deriver', 'signature']);
const covered: ReadonlySet<Place> = new Set(['magic', 'path', 'count', 'reference', 'deriver']);

export class ExportReader {
  #place: Place = 'more';
  #events: ExportEvent[] = [];
  #failure: ExportError | undefined;
  #offset = 0;
  #nar = new NarReader();
  #hash: HashSink = createSha256();
  #held: Uint8Array[] = [];
  #heldLength = 0;
  #path = '';
  #references: string[] = [];
  #left = 0;
  #deriver: string | null = null;

  constructor(private readonly limits: ExportLimits = defaultExportLimits) {}

  /** Takes the next piece and gives the events that it completes. Once refused, always refused. */
  push(piece: Uint8Array): Result<readonly ExportEvent[], ExportError> {
    this.#events = [];
    let at = 0;
    while (at < piece.length && !this.#failure) {
      const rest = piece.subarray(at);
      at += this.#place === 'nar' ? this.#takeNar(rest) : this.#takeField(rest);
    }
    return this.#failure ? err(this.#failure) : ok(this.#events);
  }

  /** Says that nothing more comes. */
  finish(): Result<void, ExportError> {
    const empty = this.#offset === 0;
    if (this.#place !== 'nothing')
      this.#refuse(empty ? 'not-an-archive' : 'truncated', this.#offset);
    return this.#failure ? err(this.#failure) : ok(undefined);
  }

  /** The nar ends where its reader finds bytes that are not its own, or at the end of the piece. */
  #takeNar(piece: Uint8Array): number {
    const before = this.#nar.offset;
    const read = this.#nar.push(piece);
    if (!read.ok && read.error.kind !== 'trailing-bytes') {
      this.#refuse('bad-nar', this.#offset + read.error.offset - before);
      return 0;
    }
    const size = read.ok ? piece.length : read.error.offset - before;
    const bytes = piece.subarray(0, size);
    this.#hash.update(bytes);
    this.#offset += size;
    if (size > 0) this.#events.push({ kind: 'nar', bytes });
    if (!read.ok || read.value.at(-1)?.kind === 'end') this.#place = 'magic';
    return size;
  }

  /** Gathers the bytes of one field, and acts on it when it is whole. */
  #takeField(piece: Uint8Array): number {
    if (this.#place === 'nothing') return this.#refuse('trailing-bytes', this.#offset);
    const begin = this.#offset - this.#heldLength;
    const wanted = this.#fieldSize(begin);
    if (wanted === 0) return 0;
    const size = Math.min(wanted - this.#heldLength, piece.length);
    this.#held.push(piece.subarray(0, size));
    this.#heldLength += size;
    this.#offset += size;
    if (this.#heldLength < wanted) return size;
    // Of a string only the length may be whole.
    if (strings.has(this.#place) && this.#fieldSize(begin) !== this.#heldLength) return size;
    const field = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldLength = 0;
    if (covered.has(this.#place)) this.#hash.update(field);
    this.#accept(field, begin);
    return size;
  }

  /** Bytes of the whole field, or of its length while that is not whole; 0 when refused. */
  #fieldSize(begin: number): number {
    if (!strings.has(this.#place) || this.#heldLength < 8) return 8;
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)];
    const length = numberIn(this.#held[0]!);
    if (length > this.limits.string) return this.#refuse('too-long', begin);
    return 8 + length + paddingOf(length);
  }

  #accept(field: Uint8Array, begin: number): void {
    if (!strings.has(this.#place)) return this.#number(numberIn(field), begin);
    const end = 8 + numberIn(field);
    if (field.subarray(end).some((byte) => byte !== 0)) {
      return void this.#refuse('bad-padding', begin + end);
    }
    this.#string(Buffer.from(field.subarray(8, end)).toString('latin1'), begin);
  }

  #number(value: number, begin: number): void {
    switch (this.#place) {
      case 'more':
        if (value > 1)
          return void this.#refuse(begin === 0 ? 'not-an-archive' : 'bad-number', begin);
        return value === 1 ? this.#beginItem() : this.#end();
      case 'magic':
        if (value !== exportMagic) return void this.#refuse('bad-magic', begin);
        this.#place = 'path';
        return;
      case 'count':
        if (value > this.limits.references) return void this.#refuse('too-long', begin);
        this.#left = value;
        this.#place = value > 0 ? 'reference' : 'deriver';
        return;
      default:
        if (value > 1) return void this.#refuse('bad-number', begin);
        if (value === 1) this.#place = 'signature';
        else this.#tellItem(null);
    }
  }

  #string(text: string, begin: number): void {
    if (this.#place === 'signature') return this.#tellItem(text);
    const none = this.#place === 'deriver' && text === '';
    if (!none && !this.#isPath(text)) return void this.#refuse('bad-path', begin);
    if (this.#place === 'path') {
      this.#path = text;
      this.#place = 'count';
    } else if (this.#place === 'reference') {
      this.#references.push(text);
      this.#left -= 1;
      if (this.#left === 0) this.#place = 'deriver';
    } else {
      this.#deriver = none ? null : text;
      this.#place = 'signed';
    }
  }

  /** All paths of an item lie in its own store directory. */
  #isPath(text: string): boolean {
    const told = this.#place === 'path' ? text : this.#path;
    const dir = storeDirectoryOf(told);
    return dir !== undefined && parseStorePath(dir, text).ok;
  }

  #beginItem(): void {
    this.#place = 'nar';
    this.#nar = new NarReader();
    this.#hash = createSha256();
    this.#references = [];
  }

  #tellItem(signature: string | null): void {
    const item = { path: this.#path, references: this.#references, deriver: this.#deriver };
    this.#events.push({ kind: 'item', item, digest: this.#hash.digest(), signature });
    this.#place = 'more';
  }

  #end(): void {
    this.#place = 'nothing';
    this.#events.push({ kind: 'end' });
  }

  #refuse(kind: ExportError['kind'], offset: number): 0 {
    this.#failure ??= { kind, offset };
    return 0;
  }
}

/** Little-endian, 64 bits; beyond 2^53 it is inexact, and above every limit. */
function numberIn(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}
