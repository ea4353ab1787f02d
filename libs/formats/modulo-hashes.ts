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
  onlyOut,
  printFrame,
  printInput,
  printInputs,
  type Derivation,
  type DerivationFrame,
  type DerivationOutput,
  type InputDerivation,
} from './derivation.js';
import { sha256HexOfByteString } from './hash.js';

export interface ModuloHash {
  /** Lower-case hexadecimal of a SHA-256. */
  readonly hash: string;
  readonly outputs: readonly string[];
  /** Whether output paths of dependents are unknown until this is built. */
  readonly deferred: boolean;
  /** The hash as the input that it mostly is: of which `out` is needed. */
  readonly printed: string;
}

export interface ModuloError {
  readonly kind: 'missing-input' | 'unknown-output' | 'cycle';
  /** The `.drv` that could not be found, lacks the output, or needs itself. */
  readonly path: string;
  readonly output?: string;
}

export type DerivationLookup = (path: string) => Derivation | undefined;

/** Text in which inputs stand with their modulo hashes: a list of them, or a derivation. */
export interface ModuloInputs {
  readonly text: string;
  /** Whether the output paths of what has them are unknown until they are built. */
  readonly deferred: boolean;
}

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

  get size(): number {
    return this.#known.size;
  }

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

  /** As `add`, for who has printed its inputs and has the text around them. */
  keep(path: string, derivation: Derivation, printed: DerivationFrame & ModuloInputs): void {
    const text = `${printed.before}${printed.text}${printed.after}`;
    this.#known.set(path, hashOf(derivation, { text, deferred: printed.deferred }));
  }

  /** The text of the derivation with its inputs replaced by their modulo hashes. */
  printWithInputs(derivation: Derivation): Result<ModuloInputs, ModuloError> {
    const inputs = this.printInputs(derivation);
    if (!inputs.ok) return inputs;
    const { text, deferred } = inputs.value;
    const { before, after } = printFrame(derivation);
    return ok({ text: `${before}${text}${after}`, deferred });
  }

  /** The list of a derivation's inputs, replaced by their modulo hashes. */
  printInputs({ inputDerivations }: Derivation): Result<ModuloInputs, ModuloError> {
    const printed: string[] = [];
    let deferred = false;
    let plain = true;
    for (const { path, outputs } of inputDerivations) {
      const input = this.get(path);
      if (!input.ok) return input;
      deferred ||= input.value.deferred;
      const known = input.value.outputs;
      const output = known === outputs ? undefined : outputs.find((name) => !known.includes(name));
      if (output !== undefined) return err({ kind: 'unknown-output', path, output });
      plain &&= outputs === onlyOut;
      printed.push(input.value.printed);
    }
    if (!plain) return ok({ text: this.#mergeInputs(inputDerivations), deferred });
    // Each begins with its hash, so that they are sorted as they are.
    printed.sort();
    const once = printed.filter((one, i) => i === 0 || one !== printed[i - 1]);
    return ok({ text: `[${once.join()}]`, deferred });
  }

  /** Any outputs of inputs; those of one hash are one. All of them are known. */
  #mergeInputs(inputs: readonly InputDerivation[]): string {
    const merged = new Map<string, Set<string>>();
    for (const { path, outputs } of inputs) {
      const hash = this.#known.get(path)?.hash ?? '';
      const known = merged.get(hash) ?? new Set();
      for (const output of outputs) known.add(output);
      merged.set(hash, known);
    }
    const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
    return printInputs(sorted.map(([path, outputs]) => ({ path, outputs: [...outputs].sort() })));
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
    if (fixedOutputOf(derivation)) return ok(hashOf(derivation));
    const printed = this.printWithInputs(derivation);
    return printed.ok ? ok(hashOf(derivation, printed.value)) : printed;
  }
}

/** Of the text with the inputs replaced; a derivation with a fixed output needs none. */
function hashOf(
  derivation: Derivation,
  { text, deferred }: ModuloInputs = { text: '', deferred: false },
): ModuloHash {
  const outputs = outputNames(derivation);
  const fixed = fixedOutputOf(derivation);
  if (fixed) {
    const { hashAlgorithm, hash, path } = fixed;
    const declared = `fixed:out:${hashAlgorithm}:${hash}:${path}`;
    return printedOnce({ hash: sha256HexOfByteString(declared), outputs, deferred: false });
  }
  const floating = derivation.outputs.some((output) => output.path === '');
  const hash = sha256HexOfByteString(text);
  return printedOnce({ hash, outputs, deferred: floating || deferred });
}

/** In one piece: strings put together are slow to compare. */
function printedOnce(hash: Omit<ModuloHash, 'printed'>): ModuloHash {
  const printed = Buffer.from(printInput({ path: hash.hash, outputs: onlyOut }), 'latin1');
  return { ...hash, printed: printed.toString('latin1') };
}

/** What most derivations have is one array for all of them: hundreds of thousands are kept. */
function outputNames({ outputs }: Derivation): readonly string[] {
  const one = outputs.length === 1 && outputs[0]?.name === 'out';
  return one ? onlyOut : outputs.map(({ name }) => Buffer.from(name, 'latin1').toString('latin1'));
}

/** The one output of a derivation whose contents are declared by their hash, if it is such. */
export function fixedOutputOf(derivation: Derivation): DerivationOutput | undefined {
  const [output] = derivation.outputs;
  return output && derivation.outputs.length === 1 && output.hash !== '' ? output : undefined;
}
