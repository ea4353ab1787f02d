/**
 * Runs `nix-instantiate` over the walk, in the sandbox or, where the caller insists, without. Knows
 * which paths the evaluator sees and what it may do: read the checkouts, write its own store.
 */
import { join } from 'node:path';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { EvaluationRequest } from '#application/ports/backend.js';
import { fileSelectionOf } from '#domain/specification/selection.js';
import { startBounded, type BoundedProcess } from '../sandbox/bounded-process.js';
import { bubblewrapped, type SandboxUser } from '../sandbox/bubblewrap.js';
import { findProgram } from '../sandbox/program.js';
import { nixEnvironment } from './nix-program.js';
import { printWalk, type WalkArguments } from './evaluation-expression.js';

export interface EvaluatorPlace {
  readonly storeRoot: string;
  readonly programDir: string | undefined;
  readonly user: SandboxUser;
  readonly sandbox: 'bubblewrap' | 'none';
}

export interface EvaluatorRun {
  readonly walk: Pick<WalkArguments, 'mark' | 'system' | 'done' | 'only'>;
  readonly deadline: number;
  readonly cancellation: Cancellation;
}

/** Where the sandbox shows the checkouts, whatever they are called outside. */
const checkoutsInside = '/checkouts';
const storeInside = '/evaluation-store';

const settings = {
  'restrict-eval': 'true',
  'allow-import-from-derivation': 'false',
  'experimental-features': 'ca-derivations',
  substituters: '',
  'build-users-group': '',
  'use-case-hack': 'false',
};

/** One file that an evaluator writes, its database included, may be this large. */
const largestFile = 4 * 2 ** 30;
/** Address space beyond what may be resident: libraries, stacks, and the collector's reserve. */
const addressSpaceBeyond = 2 * 2 ** 30;

export class Evaluator {
  readonly #mounts: ReadonlyMap<string, string>;

  constructor(
    private readonly place: EvaluatorPlace,
    private readonly request: EvaluationRequest,
  ) {
    const bad = [...request.checkouts.keys()].find((name) => !/^[\w][\w.+-]*$/.test(name));
    if (bad !== undefined) {
      throw new FarmFault('misconfigured', `no channel can have the name ${bad}`, 'never');
    }
    this.#mounts = new Map(
      [...request.checkouts].map(([name, outside]) => [`${checkoutsInside}/${name}`, outside]),
    );
  }

  /** To be cut from messages, so that `channel/file.nix` remains. */
  get checkoutPrefix(): string {
    return this.place.sandbox === 'none' ? '' : `${checkoutsInside}/`;
  }

  start(run: EvaluatorRun): BoundedProcess {
    const { timeoutSeconds, memoryBytes } = this.request.limits;
    const inside = this.place.sandbox === 'bubblewrap';
    const program = findProgram('nix-instantiate', this.place.programDir);
    const argv = [
      program,
      ...['--store', inside ? storeInside : this.place.storeRoot],
      ...['--eval', '--strict', '--read-write-mode', '--option', 'system', run.walk.system],
      ...(inside ? ['-I', checkoutsInside] : this.#searchPath()),
      '-',
    ];
    const environment = nixEnvironment({
      home: inside ? '/tmp' : this.request.workDirectory,
      settings,
    });
    return startBounded({
      argv: inside
        ? bubblewrapped({
            argv,
            environment,
            readOnly: this.#mounts,
            writable: new Map([[storeInside, this.place.storeRoot]]),
            user: this.place.user,
            limits: {
              memoryBytes: memoryBytes + addressSpaceBeyond,
              fileBytes: largestFile,
              cpuSeconds: timeoutSeconds + 10,
            },
          })
        : argv,
      environment: inside ? {} : environment,
      input: printWalk({ ...run.walk, ...this.#selection() }),
      deadline: run.deadline,
      memoryBytes,
      cancellation: run.cancellation,
    });
  }

  #searchPath(): string[] {
    return [...this.request.checkouts].flatMap(([name, path]) => ['-I', `${name}=${path}`]);
  }

  #selection(): Pick<WalkArguments, 'file' | 'attribute' | 'rootName' | 'channels' | 'systems'> {
    const { systems, checkouts } = this.request;
    const selection = fileSelectionOf(this.request.selection);
    const channel = selection.channel ?? [...checkouts.keys()][0] ?? '';
    const channels = this.#channelPaths();
    const directory = channels[channel];
    if (directory === undefined) {
      throw new FarmFault('misconfigured', `the selection names no channel: ${channel}`, 'never');
    }
    if (selection.file.split('/').includes('..')) {
      throw new FarmFault('misconfigured', 'the selection leaves its channel', 'never');
    }
    const attribute = (selection.attribute ?? '').split('.').filter((name) => name !== '');
    const rootName = attribute.at(-1) ?? 'default';
    return { file: join(directory, selection.file), attribute, rootName, channels, systems };
  }

  #channelPaths(): Record<string, string> {
    const names = [...this.request.checkouts];
    const inside = this.place.sandbox === 'bubblewrap';
    return Object.fromEntries(
      names.map(([name, path]) => [name, inside ? `${checkoutsInside}/${name}` : path]),
    );
  }
}
