/**
 * The modulo hash of a derivation: its identity for those that depend on it. Inputs are replaced
 * by their own modulo hashes, so that two ways to fetch the same fixed bytes give the same output
 * paths.
 *
 * Kept by `.drv` path, either fed in dependency order (`add`) or found through a lookup. Graphs
 * are walked with a stack of our own: a chain of a million derivations is no deeper for it than
 * ten.
 */
import { err, ok, type Result } from '#std/result.js';
import {
  printDerivation,
  type Derivation,
  type DerivationOutput,
  type InputDerivation,
} from './derivation.js';
import { sha256, toHex } from './hash.js';

export interface ModuloHash {
  /** Lower-case hexadecimal of a SHA-256. */
  readonly hash: string;
  readonly outputs: readonly string[];
  /** Whether output paths of dependents are unknown until this is built. */
  readonly deferred: boolean;
}

export interface ModuloError {
  readonly kind: 'missing-input' | 'unknown-output' | 'cycle';
  /** The `.drv` that could not be found, lacks the output, or needs itself. */
  readonly path: string;
  readonly output?: string;
}

export type DerivationLookup = (path: string) => Derivation | undefined;

interface Frame {
  readonly path: string;
  readonly derivation: Derivation;
  /** How many inputs are known already. */
  looked: number;
}

export class ModuloHashes {
  readonly #known = new Map<string, ModuloHash>();

  /** What the lookup finds is trusted to be the derivation of that path. */
  constructor(private readonly lookup: DerivationLookup = () => undefined) {}

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** The modulo hash of a `.drv` that was added or that the lookup finds. */
  get(path: string): Result<ModuloHash, ModuloError> {
    const known = this.#known.get(path);
    if (known) return ok(known);
    const derivation = this.lookup(path);
    return derivation ? this.add(path, derivation) : err({ kind: 'missing-input', path });
  }

  /**
   * Computes and keeps the modulo hash of `derivation`, and first those of inputs not yet known.
   */
  add(path: string, derivation: Derivation): Result<ModuloHash, ModuloError> {
    const stack: Frame[] = [{ path, derivation, looked: 0 }];
    const opened = new Set([path]);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = this.#nextUnknown(top, opened);
      if (!next.ok) return next;
      if (next.value) {
        stack.push(next.value);
        opened.add(next.value.path);
        continue;
      }
      const hash = this.#compute(top.derivation);
      if (!hash.ok) return hash;
      this.#known.set(top.path, hash.value);
      opened.delete(top.path);
      stack.pop();
    }
    return this.get(path);
  }

  /** The derivation printed with its inputs replaced by their modulo hashes. */
  printWithInputs(
    derivation: Derivation,
  ): Result<{ readonly bytes: Uint8Array; readonly deferred: boolean }, ModuloError> {
    const merged = new Map<string, Set<string>>();
    let deferred = false;
    for (const { path, outputs } of derivation.inputDerivations) {
      const input = this.get(path);
      if (!input.ok) return input;
      deferred ||= input.value.deferred;
      for (const output of outputs) {
        if (!input.value.outputs.includes(output)) {
          return err({ kind: 'unknown-output', path, output });
        }
        const { hash } = input.value;
        merged.set(hash, (merged.get(hash) ?? new Set()).add(output));
      }
    }
    const bytes = printDerivation({ ...derivation, inputDerivations: sorted(merged) });
    return ok({ bytes, deferred });
  }

  /** The next input of a frame whose hash is not known yet, as a frame of its own. */
  #nextUnknown(frame: Frame, opened: ReadonlySet<string>): Result<Frame | undefined, ModuloError> {
    const inputs = fixedOutputOf(frame.derivation) ? [] : frame.derivation.inputDerivations;
    for (; frame.looked < inputs.length; frame.looked++) {
      const path = inputs[frame.looked]?.path ?? '';
      if (this.#known.has(path)) continue;
      if (opened.has(path)) return err({ kind: 'cycle', path });
      const derivation = this.lookup(path);
      if (!derivation) return err({ kind: 'missing-input', path });
      return ok({ path, derivation, looked: 0 });
    }
    return ok(undefined);
  }

  #compute(derivation: Derivation): Result<ModuloHash, ModuloError> {
    const outputs = derivation.outputs.map((output) => output.name);
    const fixed = fixedOutputOf(derivation);
    if (fixed) {
      const { hashAlgorithm, hash, path } = fixed;
      const text = `fixed:out:${hashAlgorithm}:${hash}:${path}`;
      return ok({ hash: hexOf(Buffer.from(text, 'latin1')), outputs, deferred: false });
    }
    const printed = this.printWithInputs(derivation);
    if (!printed.ok) return printed;
    const floating = derivation.outputs.some((output) => output.path === '');
    const deferred = floating || printed.value.deferred;
    return ok({ hash: hexOf(printed.value.bytes), outputs, deferred });
  }
}

/** The one output of a derivation whose contents are declared by their hash, if it is such. */
export function fixedOutputOf(derivation: Derivation): DerivationOutput | undefined {
  const [output] = derivation.outputs;
  return output && derivation.outputs.length === 1 && output.hash !== '' ? output : undefined;
}

function sorted(merged: ReadonlyMap<string, ReadonlySet<string>>): InputDerivation[] {
  return [...merged]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, outputs]) => ({ path, outputs: [...outputs].sort() }));
}

function hexOf(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}
