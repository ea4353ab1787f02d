/**
 * Makes inputs: samples with some bytes changed as wires, disks and adversaries change them, pieces
 * of the format in any order, and plain noise. All of it comes from fast-check's seed.
 */
import fc from 'fast-check';
import type { Subject } from './subject.js';

/** Bytes that an input may grow to; the largest samples stay below it. */
const longest = 96 * 1024;

type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'put'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly at: number; readonly to: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly to: number; readonly times: number }
  | { readonly kind: 'end'; readonly at: number }
  /** The rest comes from another sample. */
  | { readonly kind: 'splice'; readonly at: number; readonly other: number; readonly to: number };

/** A place in bytes of any length: a fraction of it. */
const place = fc.integer({ min: 0, max: 2 ** 20 }).map((n) => n / 2 ** 20);

/** Numbers at which counts and lengths go wrong. */
const edges = [0, 1, 7, 8, 9, 255, 256, 4095, 4096, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
  .map(BigInt)
  .concat([2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]);

const numbers = fc.constantFrom(...edges).chain((number) =>
  fc.constantFrom(8, 4, 2).map((size) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(number);
    return Uint8Array.from(bytes.subarray(0, size));
  }),
);
const digits = fc
  .constantFrom(...edges, -1n, 10n ** 30n)
  .map((number) => Uint8Array.from(Buffer.from(String(number))));

/** What may be put anywhere. */
function pieces(subject: Subject): fc.Arbitrary<Uint8Array> {
  const words = subject.words.length > 0 ? [fc.constantFrom(...subject.words)] : [];
  const noise = fc.uint8Array({ minLength: 1, maxLength: 12 });
  const hostile = fc.constantFrom('\0', '/', '..', '\n', '\r\n', '"', '\\', '%00', ' ', '\xff');
  const strange = hostile.map((text) => Uint8Array.from(Buffer.from(text, 'latin1')));
  return fc.oneof(...words, noise, strange, numbers, digits);
}

function changes(subject: Subject): fc.Arbitrary<Change> {
  const bytes = pieces(subject);
  const at = place;
  const to = place;
  return fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at, bit: fc.integer({ min: 0, max: 7 }) }),
    fc.record({ kind: fc.constant('put' as const), at, bytes }),
    fc.record({ kind: fc.constant('insert' as const), at, bytes }),
    fc.record({ kind: fc.constant('cut' as const), at, to }),
    fc.record({
      kind: fc.constant('repeat' as const),
      ...{ at, to, times: fc.constantFrom(1, 2, 3, 100, 10_000) },
    }),
    fc.record({ kind: fc.constant('end' as const), at }),
    fc.record({ kind: fc.constant('splice' as const), at, other: fc.nat(1000), to }),
  );
}

/** Any input for the subject. */
export function inputsOf(subject: Subject): fc.Arbitrary<Uint8Array> {
  const samples = subject.samples();
  const mutated = fc
    .record({ sample: fc.nat(1000), edits: fc.array(changes(subject), { maxLength: 6 }) })
    .map(({ sample, edits }) =>
      edits.reduce(
        (bytes, change) => changed(bytes, change, samples),
        samples[sample % samples.length]!,
      ),
    );
  const phrase = fc
    .array(pieces(subject), { maxLength: 40 })
    .map((parts) => Uint8Array.from(Buffer.concat(parts)));
  const noise = fc.uint8Array({ maxLength: 200 });
  return fc.oneof(
    { weight: 8, arbitrary: mutated },
    { weight: 2, arbitrary: phrase },
    { weight: 1, arbitrary: noise },
  );
}

function changed(bytes: Uint8Array, change: Change, samples: readonly Uint8Array[]): Uint8Array {
  const at = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case 'flip': {
      const flipped = bytes.slice();
      if (at < bytes.length) flipped[at]! ^= 1 << change.bit;
      return flipped;
    }
    case 'put':
      return joined(bytes.subarray(0, at), change.bytes, bytes.subarray(at + change.bytes.length));
    case 'insert':
      return joined(bytes.subarray(0, at), change.bytes, bytes.subarray(at));
    case 'cut':
      return joined(bytes.subarray(0, at), bytes.subarray(Math.max(at, last(change, bytes))));
    case 'repeat': {
      const piece = bytes.subarray(at, Math.max(at, last(change, bytes)));
      const room = Math.max(0, longest - bytes.length);
      const times = Math.min(change.times, Math.floor(room / Math.max(1, piece.length)));
      const again = Array.from({ length: times }, () => piece);
      return joined(bytes.subarray(0, at), ...again, bytes.subarray(at));
    }
    case 'end':
      return bytes.slice(0, at);
    case 'splice': {
      const other = samples[change.other % samples.length]!;
      return joined(bytes.subarray(0, at), other.subarray(last(change, other)));
    }
  }
}

function last(change: { readonly to: number }, bytes: Uint8Array): number {
  return Math.floor(change.to * bytes.length);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts)).subarray(0, longest);
}
