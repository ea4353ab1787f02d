/**
 * Checks `.drv` files before they enter a worker's store: every path recomputed, and every input
 * derivation there or in the same batch. How they enter is the store's own matter.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FarmFault } from '#std/farm-fault.js';
import { checkDerivation, ModuloHashes } from '#formats/derivation-paths.js';
import { parseDerivation, type Derivation } from '#formats/derivation.js';

export interface DerivationFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface CheckedFile extends DerivationFile {
  readonly derivation: Derivation;
}

export interface DerivationStore {
  /** `/nix/store`, `/gnu/store`. */
  readonly dir: string;
  make(): Promise<void>;
  /** The bytes of a `.drv` that is in the store; throws when it is not. */
  read(path: string): Uint8Array;
  /** Those of the paths that are not valid. */
  invalid(paths: readonly string[]): Promise<readonly string[]>;
  /** Takes checked files, inputs before what needs them. */
  put(files: readonly CheckedFile[]): Promise<void>;
}

/** Files between two turns of the event loop, some milliseconds of work. */
export const filesPerTurn = 100;
/** Hashes kept from one import to the next, some 300 bytes each. */
const mostHashes = 200_000;

export class DerivationImport {
  #modulo = new ModuloHashes((path) => this.#find(path));
  #hashes = 0;
  #batch: ReadonlyMap<string, CheckedFile> = new Map();
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: DerivationStore) {}

  /** One import at a time: they share known hashes, and the store's database has one writer. */
  run(files: readonly DerivationFile[]): Promise<void> {
    const next = this.#last.then(() => this.#run(files));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #run(files: readonly DerivationFile[]): Promise<void> {
    if (files.length === 0) return;
    await this.store.make();
    if (this.#hashes + files.length > mostHashes) this.#forget();
    const parsed = files.map((file) => ({ ...file, derivation: parse(file) }));
    this.#batch = new Map(parsed.map((file) => [file.path, file]));
    this.#hashes += files.length;
    try {
      await this.#check(parsed);
      await this.#referencesAreThere(parsed);
      await this.store.put(parsed);
    } catch (fault) {
      this.#forget();
      throw fault;
    } finally {
      this.#batch = new Map();
    }
  }

  /** What a failed check left behind may come from files that were never imported. */
  #forget(): void {
    this.#modulo = new ModuloHashes((path) => this.#find(path));
    this.#hashes = 0;
  }

  async #check(files: readonly CheckedFile[]): Promise<void> {
    for (const [i, { path, bytes, derivation }] of files.entries()) {
      const item = { dir: this.store.dir, path, bytes, derivation, modulo: this.#modulo };
      const checked = checkDerivation(item);
      if (!checked.ok) {
        const { kind, expected, actual } = checked.error;
        throw corrupt(path, `${kind}, expected ${expected}, found ${actual}`);
      }
      if (i % filesPerTurn === 0) await nextTurn();
    }
  }

  /** Sources are fetched by other ways; derivations must be there, or be in the batch. */
  async #referencesAreThere(files: readonly CheckedFile[]): Promise<void> {
    const inputs = new Set(files.flatMap((f) => f.derivation.inputDerivations.map((i) => i.path)));
    const elsewhere = [...inputs].filter((path) => !this.#batch.has(path));
    const [missing] = await this.store.invalid(elsewhere);
    if (missing === undefined) return;
    throw new FarmFault('input-missing', `the derivation ${missing} was not sent`, 'later');
  }

  #find(path: string): Derivation | undefined {
    const inBatch = this.#batch.get(path);
    if (inBatch) return inBatch.derivation;
    try {
      this.#hashes++;
      return parse({ path, bytes: this.store.read(path) });
    } catch {
      return undefined;
    }
  }
}

function parse(file: DerivationFile): Derivation {
  const parsed = parseDerivation(file.bytes);
  if (parsed.ok) return parsed.value;
  throw corrupt(file.path, `${parsed.error.kind} at byte ${parsed.error.offset}`);
}

function corrupt(path: string, why: string): FarmFault {
  return new FarmFault(
    'corrupt-data',
    `${path} is not the derivation it claims to be: ${why}`,
    'never',
  );
}
