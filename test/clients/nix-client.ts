/**
 * The tools of a real Nix in a directory of their own: no daemon, no store of the machine, and for
 * each call a home, and so a cache of narinfos, that no other call has.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import type { TestSubstituter } from '../integration/substituter-harness.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface NixPathInfo {
  readonly path: string;
  readonly narHash: string;
  readonly narSize: number;
  readonly references: readonly string[];
  readonly deriver?: string;
  readonly ca?: string;
  readonly signatures?: readonly string[];
}

const settings = [
  'build-users-group =',
  'sandbox = true',
  'sandbox-paths = /bin/sh=/bin/busybox /bin/busybox=/bin/busybox',
  'substituters =',
  'experimental-features = nix-command',
  // A refusal is one: it is not asked for five times.
  'download-attempts = 1',
  '',
].join('\n');

export class NixClient {
  private calls = 0;

  private constructor(
    readonly directory: string,
    private readonly environment: Record<string, string>,
  ) {}

  static async open(environment: Record<string, string> = {}): Promise<NixClient> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-nix-client-'));
    await mkdir(join(directory, 'conf'));
    await writeFile(join(directory, 'conf', 'nix.conf'), settings);
    return new NixClient(directory, environment);
  }

  /** The same stores, in another environment. */
  with(environment: Record<string, string>): NixClient {
    const other = new NixClient(this.directory, { ...this.environment, ...environment });
    other.calls = 1000 * (this.calls + 1);
    return other;
  }

  /** Where a store of that name lies. */
  store(name: string): string {
    return join(this.directory, name);
  }

  async run(program: string, ...args: string[]): Promise<Ran> {
    const home = join(this.directory, `home-${(this.calls += 1)}`);
    await mkdir(home);
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      NIX_CONF_DIR: join(this.directory, 'conf'),
      NIX_USER_CONF_FILES: '/dev/null',
      NIX_PATH: '',
      NIX_REMOTE: '',
      ...this.environment,
    };
    return new Promise((resolve) => {
      const options = { env, cwd: this.directory, timeout: 60_000 };
      execFile(program, args, options, (error, out, err) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
      });
    });
  }

  /** What it printed; throws its complaint. */
  async good(program: string, ...args: string[]): Promise<string> {
    const ran = await this.run(program, ...args);
    if (ran.code !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.err}`);
    return ran.out.trim();
  }

  async pathInfo(store: string, ...args: string[]): Promise<NixPathInfo[]> {
    const json = await this.good('nix', 'path-info', '--store', store, '--json', ...args);
    return JSON.parse(json) as NixPathInfo[];
  }

  /** Uploads a path of one of its stores as a service of the farm does, and offers it. */
  async publish(store: string, path: string, farm: TestSubstituter): Promise<void> {
    const [info] = await this.pathInfo(this.store(store), path);
    const nar = dumpPath(join(this.store(store), path));
    await farm.service.putNar({ slug: 'nix', path: basename(path), nar });
    const { narHash, narSize, deriver, ca } = info!;
    await farm.service.offer('nix', {
      path: basename(path),
      narHash,
      narSize,
      references: info!.references.map((reference) => basename(reference)),
      ...(deriver && { deriver: basename(deriver) }),
      ...(ca && { ca }),
    });
  }

  async remove(): Promise<void> {
    await this.good('chmod', '-R', 'u+w', this.directory);
    await rm(this.directory, { recursive: true, force: true });
  }
}
