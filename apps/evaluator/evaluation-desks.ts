/** What this machine can read channels with: the local backend always, others where they are. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GuixDaemon } from '#adapters/backends/guix/build/guix-daemon.js';
import { daemonAddress } from '#adapters/backends/guix/build/guix-place.js';
import { GuixEvaluation } from '#adapters/backends/guix/evaluation/guix-evaluation.js';
import { probeGuix } from '#adapters/backends/guix/evaluation/guix-place.js';
import { LocalEvaluationBackend } from '#adapters/backends/local/evaluation-backend.js';
import { NixEvaluation } from '#adapters/backends/nix/nix-evaluation.js';
import { probeNix } from '#adapters/backends/nix/nix-program.js';
import { DerivationFilesShelf } from '#adapters/system/derivation-files-shelf.js';
import type { EvaluationBackend } from '#application/ports/backend.js';
import type { EvaluationDesk } from '#application/run-evaluation.js';
import { backendStores, type BackendName } from '#domain/specification/specification.js';

/** `directory` is where the evaluators keep what they have made. */
export async function openDesks(directory: string): Promise<Map<BackendName, EvaluationDesk>> {
  await mkdir(directory, { recursive: true });
  const local = new LocalEvaluationBackend({ root: join(directory, 'local') });
  const desks = new Map<BackendName, EvaluationDesk>([['local', deskOf('local', local)]]);
  if (await probeNix()) {
    const nix = new NixEvaluation({ storeRoot: join(directory, 'nix') });
    desks.set('nix', deskOf('nix', nix));
  }
  if (await probeGuix()) desks.set('guix', deskOf('guix', openGuix(join(directory, 'guix'))));
  return desks;
}

function openGuix(directory: string): GuixEvaluation {
  const daemon = new GuixDaemon(daemonAddress());
  return new GuixEvaluation({
    directory,
    referencesOf: async (path) => (await daemon.pathInfo(path)).references,
  });
}

function deskOf(name: BackendName, backend: EvaluationBackend): EvaluationDesk {
  const shelf = new DerivationFilesShelf(backend, backendStores[name].dir);
  return { backend, openFiles: () => shelf.open() };
}
