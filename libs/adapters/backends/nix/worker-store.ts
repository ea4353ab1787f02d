/** A worker's own store: a chroot store with paths of `/nix/store`, asked through `nix-store`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { PathInfo } from '#application/ports/backend.js';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { createSha256, formatHash } from '#formats/hash.js';
import { runBounded } from '../sandbox/bounded-process.js';
import { findProgram } from '../sandbox/program.js';
import { placeOf } from './store-place.js';
import { nixEnvironment } from './nix-program.js';
import { errorIn } from './nix-words.js';

/** Paths in one argument list: some 70 bytes each, of the 2 MiB that the kernel takes. */
const pathsAtOnce = 5000;
const longestQuestion = 10 * 60_000;

export class WorkerStore {
  #made: Promise<unknown> | undefined;

  constructor(
    readonly root: string,
    private readonly programDir: string | undefined,
  ) {}

  place(path: string): string {
    return placeOf(this.root, path);
  }

  /** The argument list of `nix-store` on this store. */
  command(...args: readonly string[]): string[] {
    return [findProgram('nix-store', this.programDir), '--store', this.root, ...args];
  }

  async make(): Promise<void> {
    this.#made ??= mkdir(join(this.root, 'nix', 'store'), { recursive: true });
    await this.#made;
  }

  /** Those of the paths that are not valid here. */
  async invalid(paths: readonly string[]): Promise<string[]> {
    await this.make();
    const invalid: string[] = [];
    for (let i = 0; i < paths.length; i += pathsAtOnce) {
      const some = paths.slice(i, i + pathsAtOnce).map((path) => (this.place(path), path));
      const command = this.command('--check-validity', '--print-invalid', ...some);
      invalid.push(...lines(await this.#ask(command)));
    }
    return invalid;
  }

  /** Takes registrations in the form of `nix-store --dump-db`. */
  async register(registrations: string): Promise<void> {
    await this.#ask(this.command('--load-db'), registrations);
  }

  /** Hash and size computed from the bytes on disk; references as Nix found them. */
  async pathInfo(path: string): Promise<PathInfo> {
    const sink = createSha256();
    const place = this.place(path);
    const program = findProgram('nix', this.programDir);
    const answer = await this.#ask([program, 'path-info', '--store', this.root, '--json', path]);
    const [known] = JSON.parse(answer) as readonly KnownPath[];
    for await (const bytes of dumpPath(place)) sink.update(bytes);
    return {
      path,
      narHash: formatHash({ algorithm: 'sha256', digest: sink.digest() }),
      narSize: sink.bytesSeen,
      references: known?.references ?? [],
      ca: known?.ca ?? null,
    };
  }

  async #ask(argv: readonly string[], input = ''): Promise<string> {
    const settings = { substituters: '', 'experimental-features': 'nix-command ca-derivations' };
    const ending = await runBounded({
      argv,
      environment: nixEnvironment({ home: join(this.root, 'home'), settings }),
      input,
      deadline: performance.now() + longestQuestion,
      cancellation: never,
    });
    if (ending.code === 0) return ending.stdout;
    const words = ending.startError ?? errorIn(ending.stderr);
    const full = words.includes('No space left') || words.includes('disk is full');
    const sentence = `Nix cannot answer for ${this.root}: ${words}`;
    throw new FarmFault(full ? 'disk-full' : 'program-failed', sentence);
  }
}

/** What `nix path-info --json` says, as far as it is used. */
interface KnownPath {
  readonly references?: readonly string[];
  readonly ca?: string;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
