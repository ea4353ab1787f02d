/**
 * Builds derivations with the guix-daemon of the machine, in its own store. All that the daemon is
 * asked goes over one connection; while it stands, what this attempt needs and makes is rooted.
 */
import { basename } from 'node:path';
import type {
  BuildBackend,
  PathInfo,
  RealiseEvent,
  RealiseRequest,
  RealiseResult,
  SubstituteServer,
} from '#application/ports/backend.js';
import { dumpPath } from '#adapters/system/nar-disk.js';
import type { Derivation } from '#formats/derivation.js';
import { createSha256, formatHash } from '#formats/hash.js';
import type { Cancellation } from '#std/cancellation.js';
import { DerivationImport, type DerivationFile } from '../../realise/derivation-import.js';
import { inputPaths, readDerivation } from '../../realise/input-paths.js';
import { usualAccessList } from './authorised-keys.js';
import { daemonClosesIn, daemonProcesses } from './daemon-process.js';
import { fetchPaths, urlsOf, type Sources } from './fetch-inputs.js';
import { GuixDaemon } from './guix-daemon.js';
import { GuixDerivations } from './guix-derivations.js';
import { daemonAddress, placeOf } from './guix-place.js';
import { runBuild } from './run-build.js';

export interface GuixBuildOptions {
  /** The farm, from which sources of derivations come before any build is asked for. */
  readonly substituter: { readonly address: string; readonly slug?: string };
  readonly upstreams?: readonly SubstituteServer[];
  /** Systems that this machine builds for; the daemon does not look. */
  readonly systems: readonly string[];
  /** A socket's path or `guix://HOST:PORT`; else what Guix' own programs ask. */
  readonly daemon?: string;
  /** Below which `/gnu/store` lies; the root. */
  readonly root?: string;
  readonly accessList?: string;
  /** Whether the daemon closes builders in; else looked up. */
  readonly sandboxed?: boolean;
  /** Builds of requests that nobody vouches for: not without a sandbox, in a store for all. */
  readonly untrusted?: boolean;
}

export class GuixBuild implements BuildBackend {
  /** Each file is a question to the daemon, and brings its sources along. */
  readonly importsSparingly = true;
  readonly #daemon: GuixDaemon;
  readonly #import: DerivationImport;
  readonly #sources: Sources;

  constructor(private readonly options: GuixBuildOptions) {
    const { substituter, upstreams, accessList = usualAccessList } = options;
    this.#daemon = new GuixDaemon(options.daemon ?? daemonAddress());
    this.#sources = { urls: urlsOf(substituter, upstreams), accessList };
    const place = (path: string): string => this.place(path);
    const parts = { daemon: this.#daemon, sources: this.#sources, place };
    this.#import = new DerivationImport(new GuixDerivations(parts));
  }

  /** Nothing is rooted any more, and what still runs ends. */
  close(): void {
    this.#daemon.close();
  }

  place(path: string): string {
    return placeOf(this.options.root ?? '/', path);
  }

  /** What is here is rooted before it is looked at: nothing takes it away in between. */
  async missingDerivations(paths: readonly string[]): Promise<readonly string[]> {
    await this.#daemon.root(paths);
    return (await this.#daemon.invalid(paths)).map((path) => basename(path));
  }

  importDerivations(files: readonly DerivationFile[]): Promise<void> {
    return this.#import.run(files);
  }

  /**
   * Throws FarmFault `canceled` when canceled, `input-missing` when the derivation is not here, and
   * `program-failed` when the daemon does not answer or goes away.
   */
  async *realise(
    request: RealiseRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<RealiseEvent, RealiseResult> {
    const daemon = this.#daemon;
    const derivation = await readDerivation(this, request.derivation);
    const refusal = this.#unsupported(derivation, request) ?? this.#unclosed();
    if (refusal) return refusal;
    const outputs = new Map(derivation.outputs.map(({ name, path }) => [name, path]));
    const inputs = await inputPaths(this, derivation);
    await daemon.root([request.derivation, ...inputs, ...outputs.values()]);
    if ((await daemon.invalid([...outputs.values()])).length === 0) {
      yield { kind: 'started' };
      yield { kind: 'log', bytes: Buffer.from('all outputs are in this store already\n') };
      // How they were made is not known any more.
      return { kind: 'succeeded', outputs, sandboxed: false };
    }
    const call = { sources: this.#sources, cancellation };
    const unfetched = await fetchPaths(daemon, inputs, call);
    if (unfetched) return unfetched;
    const failed = yield* runBuild({ daemon, derivation, request, cancellation });
    if (failed) return failed;
    return { kind: 'succeeded', outputs, sandboxed: this.#sandboxed() };
  }

  /** The hash is computed from what lies there; references as the daemon found them. */
  async pathInfo(path: string): Promise<PathInfo> {
    const { references } = await this.#daemon.pathInfo(path);
    const sink = createSha256();
    for await (const bytes of dumpPath(this.place(path))) sink.update(bytes);
    const narHash = formatHash({ algorithm: 'sha256', digest: sink.digest() });
    return { path, narHash, narSize: sink.bytesSeen, references, ca: null };
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return dumpPath(this.place(path));
  }

  /** The daemon runs whatever it is given, on whatever machine. */
  #unsupported({ system }: Derivation, request: RealiseRequest): RealiseResult | null {
    const { systems } = this.options;
    const message =
      system !== request.system
        ? `The derivation is for ${system}, and the build was given as one for ${request.system}.`
        : `This worker builds for ${systems.join(', ')}, and the derivation is for ${system}.`;
    if (system === request.system && systems.includes(system)) return null;
    return { kind: 'failed', reason: 'unsupported-system', message };
  }

  #unclosed(): RealiseResult | null {
    if (this.options.untrusted !== true || this.#sandboxed()) return null;
    const message =
      'An untrusted request builds only where guix-daemon is seen to close builds in ' +
      '(it runs here, and without --disable-chroot).';
    return { kind: 'failed', reason: 'infrastructure', message };
  }

  #sandboxed(): boolean {
    return this.options.sandboxed ?? daemonClosesIn(daemonProcesses());
  }
}
