/**
 * Reads channels with the real `nix-instantiate`, in a sandbox. Jobs are told as soon as they are
 * known; when one of them brings the evaluator down it is told as failed, and another evaluator
 * process goes on after it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { never, type Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type {
  EvaluationBackend,
  EvaluationEvent,
  EvaluationRequest,
  PathInfo,
} from '#application/ports/backend.js';
import { runBounded } from '../sandbox/bounded-process.js';
import { bubblewrapped, checkSandbox, nobody, type SandboxUser } from '../sandbox/bubblewrap.js';
import { findProgram } from '../sandbox/program.js';
import { placeOf, readStoreFile, sourceInfo, type StorePlace } from '../sandbox/store-files.js';
import { prepareStore } from './evaluation-store.js';
import { Evaluator, type EvaluatorPlace } from './evaluator.js';
import { Walk } from './walk.js';
import { nixEnvironment, nixStoreDir } from './nix-program.js';

export interface NixEvaluationOptions {
  /** The chroot store of evaluations; made when missing. */
  readonly storeRoot: string;
  /** Where `nix-instantiate` lies; else looked for in PATH. */
  readonly programDir?: string;
  /** Whom the evaluator runs as when we are root; else nobody. */
  readonly user?: SandboxUser;
  /** `none` must be asked for by name: foreign code then runs as ourselves. */
  readonly sandbox?: 'bubblewrap' | 'none';
}

export class NixEvaluation implements EvaluationBackend {
  readonly #place: EvaluatorPlace;
  #ready: Promise<void> | undefined;

  constructor(options: NixEvaluationOptions) {
    const { storeRoot, programDir, user = nobody, sandbox = 'bubblewrap' } = options;
    this.#place = { storeRoot, programDir, user, sandbox };
  }

  /** The checkouts must be readable by the sandbox's user: its directories by all. */
  async *evaluate(
    request: EvaluationRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<EvaluationEvent, void, undefined> {
    await this.#prepare();
    await mkdir(request.workDirectory, { recursive: true });
    const evaluator = new Evaluator(this.#place, request);
    const deadline = performance.now() + request.limits.timeoutSeconds * 1000;
    const systems = request.systems.length > 0 ? request.systems : ['x86_64-linux'];
    const told = new Set<string>();
    for (const system of systems) {
      const mark = `gambeson-${randomBytes(16).toString('hex')} `;
      const walk = new Walk(evaluator, { mark, system, deadline, cancellation });
      for await (const event of walk.events()) {
        if (isNews(event, told)) yield event;
      }
      if (!walk.takesSystem) return;
    }
  }

  derivation(path: string): Promise<Uint8Array> {
    return readStoreFile(this.#store, path);
  }

  pathInfo(path: string): Promise<PathInfo> {
    return sourceInfo(this.#store, path, (asked) => this.#referencesOf(asked));
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return dumpPath(placeOf(this.#store, path));
  }

  get #store(): StorePlace {
    return { root: this.#place.storeRoot, dir: nixStoreDir };
  }

  #prepare(): Promise<void> {
    this.#ready ??= this.#makeReady().catch((fault: unknown) => {
      this.#ready = undefined;
      throw fault;
    });
    return this.#ready;
  }

  async #makeReady(): Promise<void> {
    const { storeRoot, programDir, sandbox, user } = this.#place;
    findProgram('nix-instantiate', programDir);
    if (sandbox === 'bubblewrap') await checkSandbox(user);
    await prepareStore(storeRoot, sandbox === 'none' ? own() : user);
  }

  /** The database was written by foreign code, so it is read within the sandbox as well. */
  async #referencesOf(path: string): Promise<readonly string[]> {
    const { storeRoot, programDir, sandbox, user } = this.#place;
    const inside = sandbox === 'bubblewrap';
    const store = inside ? '/evaluation-store' : storeRoot;
    const argv = [
      findProgram('nix-store', programDir),
      '--store',
      store,
      '-q',
      '--references',
      path,
    ];
    const environment = nixEnvironment({ home: '/tmp', settings: { 'build-users-group': '' } });
    const ending = await runBounded({
      argv: inside
        ? bubblewrapped({
            argv,
            environment,
            readOnly: new Map(),
            writable: new Map([[store, storeRoot]]),
            user,
            limits: { memoryBytes: 4 * 2 ** 30, fileBytes: 4 * 2 ** 30, cpuSeconds: 60 },
          })
        : argv,
      environment: inside ? {} : environment,
      deadline: performance.now() + 60_000,
      cancellation: never,
    });
    if (ending.code === 0) return ending.stdout.split('\n').filter((line) => line !== '');
    throw new FarmFault('program-failed', `nix-store -q: ${ending.stderr.slice(0, 1000)}`);
  }
}

/** A job is known by name and system; a second telling, for another system asked, is no news. */
function isNews(event: EvaluationEvent, told: Set<string>): boolean {
  if (event.kind === 'log' || event.kind === 'built') return true;
  const key = JSON.stringify(
    event.kind === 'job'
      ? [event.kind, event.name, event.system]
      : [event.kind, event.name, event.message],
  );
  return told.size !== told.add(key).size;
}

function own(): SandboxUser {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
