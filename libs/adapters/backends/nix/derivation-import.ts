/**
 * Puts `.drv` files into a worker's store: every path recomputed, the files written by us, and
 * all of them registered in one transaction of Nix' database. (`nix-store --import` and
 * `nix copy --derivation` add them one by one, ten times slower.)
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { checkDerivation, ModuloHashes } from '#formats/derivation-paths.js';
import { parseDerivation, type Derivation } from '#formats/derivation.js';
import { sha256, toHex } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { nixStoreDir } from './nix-program.js';
import type { WorkerStore } from './worker-store.js';

export interface DerivationFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface CheckedFile extends DerivationFile {
  readonly derivation: Derivation;
}

/** Files between two turns of the event loop, some milliseconds of work. */
const filesPerTurn = 100;
/** Hashes kept from one import to the next, some 300 bytes each. */
const mostHashes = 200_000;

export class DerivationImport {
  #modulo = new ModuloHashes((path) => this.#find(path));
  #hashes = 0;
  #batch: ReadonlyMap<string, CheckedFile> = new Map();
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: WorkerStore) {}

  /** One import at a time: they share known hashes, and Nix' database has one writer. */
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
      await this.#write(parsed);
      await this.store.register(parsed.map(registration).join(''));
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
      const item = { dir: nixStoreDir, path, bytes, derivation, modulo: this.#modulo };
      const checked = checkDerivation(item);
      if (!checked.ok) {
        const { kind, expected, actual } = checked.error;
        throw corrupt(path, `${kind}, expected ${expected}, found ${actual}`);
      }
      if (i % filesPerTurn === 0) await nextTurn();
    }
  }

  /** Sources are fetched later, as inputs; derivations must be there, or be in the batch. */
  async #referencesAreThere(files: readonly CheckedFile[]): Promise<void> {
    const inputs = new Set(files.flatMap((f) => f.derivation.inputDerivations.map((i) => i.path)));
    const elsewhere = [...inputs].filter((path) => !this.#batch.has(path));
    const [missing] = await this.store.invalid(elsewhere);
    if (missing === undefined) return;
    throw new FarmFault('input-missing', `the derivation ${missing} was not sent`, 'later');
  }

  async #write(files: readonly DerivationFile[]): Promise<void> {
    const stage = mkdtempSync(join(this.store.root, 'import-'));
    try {
      for (const [i, { path, bytes }] of files.entries()) {
        const staged = join(stage, `${i}`);
        writeFileSync(staged, bytes, { mode: 0o444 });
        // Nix' own normal form of what lies in a store: not writable, one second after the epoch.
        utimesSync(staged, 1, 1);
        renameSync(staged, this.store.place(path));
        if (i % filesPerTurn === 0) await nextTurn();
      }
    } catch (cause) {
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      const sentence = `cannot write derivations into ${this.store.root}: ${sentenceOf(cause)}`;
      throw new FarmFault(full ? 'disk-full' : 'program-failed', sentence, 'later', { cause });
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
  }

  #find(path: string): Derivation | undefined {
    const inBatch = this.#batch.get(path);
    if (inBatch) return inBatch.derivation;
    try {
      this.#hashes++;
      return parse({ path, bytes: readFileSync(this.store.place(path)) });
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

/**
 * As `nix-store --load-db` reads it: path, nar hash in hexadecimal, nar size, deriver (none),
 * number of references, references. A `.drv` refers to its inputs; sources that are not here yet
 * are left out, since Nix refuses references to unknown paths, and does not need them to build.
 */
function registration({ path, bytes, derivation }: CheckedFile): string {
  const nar = encodeNar({ type: 'regular', executable: false, contents: bytes });
  const references = derivation.inputDerivations.map((input) => input.path);
  const fields = [path, toHex(sha256(nar)), nar.length, '', references.length, ...references];
  return fields.map((field) => `${field}\n`).join('');
}
