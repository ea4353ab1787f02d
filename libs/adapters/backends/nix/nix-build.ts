/** Builds derivations with the real `nix-store`, in a worker's own store. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type {
  BuildBackend,
  PathInfo,
  RealiseEvent,
  RealiseRequest,
  RealiseResult,
} from '#application/ports/backend.js';
import type { Derivation } from '#formats/derivation.js';
import { never } from '#std/cancellation.js';
import { DerivationImport, type DerivationFile } from '../realise/derivation-import.js';
import { readDerivation } from '../realise/input-paths.js';
import { runBounded } from '../sandbox/bounded-process.js';
import { fetchInputs } from './fetch-inputs.js';
import { NixDerivations } from './nix-derivations.js';
import { nixEnvironment } from './nix-program.js';
import { runBuild, type BuildSettings } from './run-build.js';
import { WorkerStore } from './worker-store.js';

export interface NixBuildOptions {
  /** The worker's chroot store; made when missing. */
  readonly storeRoot: string;
  readonly programDir?: string;
  /** System features that the worker advertises, such as `kvm` and `big-parallel`. */
  readonly features?: readonly string[];
  /** Systems that this machine builds for beside its own. */
  readonly extraPlatforms?: readonly string[];
  /** A static shell for builders that want /bin/sh; busybox when not told, null for none. */
  readonly shell?: string | null;
}

const usualShells = ['/bin/busybox', '/usr/bin/busybox'];

export class NixBuild implements BuildBackend {
  readonly #store: WorkerStore;
  readonly #import: DerivationImport;
  readonly #settings: BuildSettings;
  /** Nothing is collected, so a derivation that was here is here. */
  readonly #present = new Set<string>();

  constructor(options: NixBuildOptions) {
    const { storeRoot, programDir, features = [], extraPlatforms = [] } = options;
    this.#store = new WorkerStore(storeRoot, programDir);
    this.#import = new DerivationImport(new NixDerivations(this.#store));
    const shell =
      options.shell === undefined ? (usualShells.find(existsSync) ?? null) : options.shell;
    this.#settings = { features, extraPlatforms, shell };
  }

  async missingDerivations(paths: readonly string[]): Promise<readonly string[]> {
    const unsure = paths.filter((path) => !this.#present.has(path));
    const missing = new Set(await this.#store.invalid(unsure));
    for (const path of unsure) if (!missing.has(path)) this.#present.add(path);
    return unsure.filter((path) => missing.has(path)).map((path) => basename(path));
  }

  async importDerivations(files: readonly DerivationFile[]): Promise<void> {
    await this.#import.run(files);
    for (const file of files) this.#present.add(file.path);
  }

  /**
   * Throws FarmFault `canceled` when canceled, `input-missing` when the derivation is not here,
   * `sandbox-unavailable` when Nix cannot close its builder in.
   */
  async *realise(
    request: RealiseRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<RealiseEvent, RealiseResult> {
    await mkdir(request.workDirectory, { recursive: true });
    const derivation = await readDerivation(this.#store, request.derivation);
    const shellLess = derivation.builder === '/bin/sh' && this.#settings.shell === null;
    if (shellLess) {
      const message = 'This worker has no static busybox to be /bin/sh in the sandbox.';
      return { kind: 'failed', reason: 'infrastructure', message };
    }
    const unfetched = await fetchInputs(this.#store, derivation, { request, cancellation });
    if (unfetched !== null) return unfetched;
    const store = this.#store;
    const failed = yield* runBuild({ store, settings: this.#settings, request, cancellation });
    if (failed) return failed;
    const outputs = await this.#outputs(request, derivation);
    return { kind: 'succeeded', outputs, sandboxed: true };
  }

  pathInfo(path: string): Promise<PathInfo> {
    return this.#store.pathInfo(path);
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return dumpPath(this.#store.place(path));
  }

  /** A floating output's path is known only now, and Nix tells it when asked to realise it. */
  async #outputs(
    request: RealiseRequest,
    derivation: Derivation,
  ): Promise<ReadonlyMap<string, string>> {
    const outputs = new Map<string, string>();
    for (const { name, path } of derivation.outputs) {
      outputs.set(name, path === '' ? await this.#floating(request, name) : path);
    }
    return outputs;
  }

  async #floating(request: RealiseRequest, name: string): Promise<string> {
    const ending = await runBounded({
      argv: this.#store.command('--realise', `${request.derivation}!${name}`, '--max-jobs', '0'),
      environment: nixEnvironment({
        home: `${request.workDirectory}/home`,
        settings: { 'experimental-features': 'ca-derivations', substituters: '' },
      }),
      deadline: performance.now() + 60_000,
      cancellation: never,
    });
    const path = ending.stdout.trim();
    if (ending.code === 0 && path !== '') return path;
    throw new FarmFault('program-failed', `nix-store does not tell output ${name}`);
  }
}
