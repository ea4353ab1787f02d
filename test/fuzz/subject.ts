/**
 * What is fuzzed: something that reads bytes from outside. It must answer each input with
 * acceptance or refusal, soon, in bounded memory, and may throw only where it breaks a promise.
 */
export type Verdict = 'accepted' | 'refused';

export interface Subject {
  readonly name: string;
  /** Inputs as the real tools make them; all but those of `kept.json` are mutated from them. */
  samples(): readonly Uint8Array[];
  /** Pieces of the format that random bytes would hardly hit upon. */
  readonly words: readonly Uint8Array[];
  /** Throws when the reader crashed, or when what it accepted does not hold. */
  take(bytes: Uint8Array): Verdict | Promise<Verdict>;
  /** Whether the reader must accept its own samples; true unless told otherwise. */
  readonly samplesRefused?: boolean;
}

/** Strings as bytes, one byte for each character. */
export function wordsOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Uint8Array.from(Buffer.from(text, 'latin1')));
}

export function demand(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Error(`broken promise: ${promise}`);
}
