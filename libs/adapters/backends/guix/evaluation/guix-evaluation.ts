/**
 * Reads channels with the real Guix: a profile of exactly these channels first, which Guix
 * authenticates and builds, then, under that profile, the jobs of each system beside one another.
 * All of it runs in the sandbox; the machine's daemon makes what they ask for.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { isFileSelection, type GuixSelection } from '#domain/specification/selection.js';
import type {
  EvaluationBackend,
  EvaluationEvent,
  EvaluationRequest,
  PathInfo,
} from '#application/ports/backend.js';
import { checkSandbox } from '../../sandbox/bubblewrap.js';
import { merged } from '../../sandbox/merged.js';
import {
  hashedInfo,
  placeOf,
  readStoreFile,
  sourceInfo,
  type ReferencesOf,
} from '../../sandbox/store-files.js';
import { makeWritable, placeFrom } from './guix-place.js';
import type { GuixEvaluationOptions, GuixPlace } from './guix-place.js';
import type { Bounds } from './guix-process.js';
import { readPack } from './pack-reading.js';
import { ProfileShelf } from './profile-shelf.js';
import { fileInside, readSystem } from './system-reading.js';

/** Each may take as much memory as an evaluation may. */
const systemsAtOnce = Math.min(4, availableParallelism());
/** Bytes of log that one evaluation may make; a channel can print for ever. */
const longestLog = 32 * 1024 * 1024;
/** Roots keep derivations until they are registered, which takes minutes at most. */
const rootsKeptMilliseconds = 24 * 3600_000;
/** Of profiles, some hundred paths each. */
const builtPathsKept = 100_000;

export class GuixEvaluation implements EvaluationBackend {
  readonly #place: GuixPlace;
  readonly #shelf: ProfileShelf;
  readonly #referencesOf: ReferencesOf;
  /** What evaluations had built, and need no address of its own to be offered. */
  readonly #built = new Set<string>();
  #ready: Promise<void> | undefined;

  constructor(options: GuixEvaluationOptions) {
    this.#place = placeFrom({ ...options, directory: resolve(options.directory) });
    this.#shelf = new ProfileShelf(this.#place);
    this.#referencesOf = options.referencesOf;
  }

  async *evaluate(
    request: EvaluationRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<EvaluationEvent, void, undefined> {
    await this.#prepare();
    const { timeoutSeconds, memoryBytes } = request.limits;
    const deadline = performance.now() + timeoutSeconds * 1000;
    const bounds = { deadline, timeoutSeconds, memoryBytes, cancellation };
    yield* boundedLog(this.#events(request, bounds));
  }

  derivation(path: string): Promise<Uint8Array> {
    return readStoreFile(this.#place.store, path);
  }

  /** A source proves its references by its path; of what was built the daemon is believed. */
  async pathInfo(path: string): Promise<PathInfo> {
    const { store } = this.#place;
    if (!this.#built.has(path)) return sourceInfo(store, path, this.#referencesOf);
    const references = await this.#referencesOf(path);
    const { info } = await hashedInfo(store, path);
    return { ...info, references, ca: null };
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return dumpPath(placeOf(this.#place.store, path));
  }

  async *#events(
    request: EvaluationRequest,
    bounds: Bounds,
  ): AsyncGenerator<EvaluationEvent, void, undefined> {
    const selection = yield* readable(request, selectionOf(request));
    await mkdir(request.workDirectory, { recursive: true });
    const profile = yield* this.#shelf.of(request, bounds);
    yield { kind: 'built', paths: await this.#closureOf(profile) };
    const roots = join(this.#place.directory, 'roots', basename(join(request.workDirectory, '..')));
    await makeWritable(this.#place, roots);
    const shared = { request, profile, roots, bounds };
    const systems = request.systems.length > 0 ? request.systems : ['x86_64-linux'];
    const faults: unknown[] = [];
    const readings = systems.flatMap((system) =>
      'packs' in selection
        ? selection.packs.formats.map((format) => {
            const { manifest } = selection.packs;
            return readPack(this.#place, { ...shared, manifest, format, system });
          })
        : [readSystem(this.#place, { ...shared, selection, system })],
    );
    // What one system cannot tell keeps no other from telling.
    yield* merged(
      readings.map((reading) => keepingFault(reading, faults)),
      systemsAtOnce,
    );
    if (faults.length > 0) throw faults[0];
  }

  /** As the daemon knows it: whoever made the profile need not be believed. */
  async #closureOf(profile: string): Promise<readonly string[]> {
    const closure = new Set([profile]);
    for (const path of closure) {
      for (const reference of await this.#referencesOf(path)) closure.add(reference);
    }
    if (this.#built.size > builtPathsKept) this.#built.clear();
    for (const path of closure) this.#built.add(path);
    return [...closure];
  }

  #prepare(): Promise<void> {
    this.#ready ??= this.#makeReady().catch((fault: unknown) => {
      this.#ready = undefined;
      throw fault;
    });
    return this.#ready;
  }

  async #makeReady(): Promise<void> {
    const { directory, user } = this.#place;
    await checkSandbox(user);
    for (const name of ['profiles', 'caches', 'clones', 'roots']) {
      await mkdir(join(directory, name), { recursive: true, mode: 0o755 });
    }
    const roots = join(directory, 'roots');
    for (const name of await readdir(roots)) {
      const path = join(roots, name);
      const age = Date.now() - (await stat(path)).mtimeMs;
      if (age > rootsKeptMilliseconds) await rm(path, { recursive: true, force: true });
    }
  }
}

function selectionOf({ selection, channels }: EvaluationRequest): GuixSelection {
  if (isFileSelection(selection)) {
    throw new FarmFault('misconfigured', 'Guix reads no file of a channel by itself', 'never');
  }
  if (channels.some(({ channel }) => channel === 'guix')) return selection;
  const sentence = 'none of the channels is called guix, and Guix itself is needed';
  throw new FarmFault('misconfigured', sentence, 'never');
}

/** Without the manifests that no channel has, which Guix would not tell by their names. */
async function* readable(
  request: EvaluationRequest,
  selection: GuixSelection,
): AsyncGenerator<EvaluationEvent, GuixSelection, undefined> {
  if (!('manifests' in selection)) return selection;
  const manifests: string[] = [];
  for (const name of selection.manifests) {
    if ((await fileInside(request, name)) !== null) manifests.push(name);
    else yield { kind: 'job-error', name, message: `no channel has the manifest ${name}` };
  }
  if (manifests.length > 0) return { manifests };
  const sentence = 'no channel has any of the manifests that the specification names';
  throw new FarmFault('evaluator-failed', sentence, 'never');
}

async function* keepingFault(
  reading: AsyncIterable<EvaluationEvent>,
  faults: unknown[],
): AsyncGenerator<EvaluationEvent, void, undefined> {
  try {
    yield* reading;
  } catch (fault) {
    faults.push(fault);
  }
}

async function* boundedLog(
  events: AsyncIterable<EvaluationEvent>,
): AsyncGenerator<EvaluationEvent, void, undefined> {
  let left = longestLog;
  for await (const event of events) {
    if (event.kind !== 'log') yield event;
    else if (left > 0) {
      yield { kind: 'log', bytes: event.bytes.subarray(0, left) };
      left -= event.bytes.length;
      if (left > 0) continue;
      yield { kind: 'log', bytes: Buffer.from('\n[the rest of this log is left out]\n') };
    }
  }
}
