/**
 * What was learned of derivations in earlier readings serves the next ones, until it is too much:
 * then the next reading begins anew, and the old goes with the last reading that has it.
 */
import type { EvaluationBackend } from '#application/ports/backend.js';
import type { DerivationFiles } from '#application/ports/derivation-files.js';
import { BackendDerivationFiles } from './derivation-files.js';

/** One of the largest evaluations, and half of another that came after it. */
const knownAtMost = 450_000;

export class DerivationFilesShelf {
  private files: BackendDerivationFiles;

  /** `dir` is the store directory, such as `/nix/store`. */
  constructor(
    private readonly backend: Pick<EvaluationBackend, 'derivation'>,
    private readonly dir: string,
    private readonly atMost = knownAtMost,
  ) {
    this.files = new BackendDerivationFiles(backend, dir);
  }

  /** For one reading, which may have it together with others. */
  open(): DerivationFiles {
    if (this.files.size > this.atMost) {
      this.files = new BackendDerivationFiles(this.backend, this.dir);
    }
    return this.files;
  }
}
