/**
 * A Postgres server of our own as a child process: for the demo, small farms and tests. It listens
 * on 127.0.0.1 alone, with a password, and its data survives a restart. A farm of weight gives
 * DATABASE_URL instead.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FarmFault } from '#std/farm-fault.js';
import { endForgottenServer } from './forgotten-server.js';
import {
  findBinaries,
  serverUser,
  type ServerBinaries,
  type ServerUser,
} from './server-binaries.js';

export interface EmbeddedOptions {
  /** Made when missing; as root it must be reachable by the server's user. */
  readonly directory: string;
  readonly password: string;
  /** Absent: a free port. */
  readonly port?: number;
  /** Durability off: for tests alone, whose data nobody misses. */
  readonly disposable?: boolean;
  /** Where each line of the server's log goes. */
  readonly onLine?: (line: string) => void;
}

/** The second is a standby's. */
const ready = /database system is ready to accept (read-only )?connections/;

export class EmbeddedPostgres {
  private constructor(
    private readonly child: ChildProcess,
    private readonly password: string,
    readonly port: number,
  ) {}

  /** Resolves when the server answers. Throws `program-failed` with the server's last words. */
  static async start(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
    const user = await serverUser();
    const binaries = await findBinaries(user);
    await mkdir(options.directory, { recursive: true, mode: 0o755 });
    await initialise(options, binaries, user);
    const cluster = clusterOf(options.directory);
    await endForgottenServer(cluster);
    const port = options.port ?? (await freePort());
    const flags = [...serverFlags(port), ...(options.disposable ? disposableFlags : [])];
    const child = spawnAs(user, binaries, [binaries.postgres, '-D', cluster, ...flags]);
    await untilReady(child, options.onLine ?? (() => undefined));
    return new EmbeddedPostgres(child, options.password, port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The exit of the server, whether asked for or not. */
  get exited(): Promise<void> {
    if (hasEnded(this.child)) return Promise.resolve();
    return once(this.child, 'exit').then(() => undefined);
  }

  url(database = 'postgres'): string {
    const password = encodeURIComponent(this.password);
    return `postgresql://gambeson:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** A fast shutdown: open transactions are rolled back, everything committed is on disk. */
  async stop(): Promise<void> {
    const ended = this.exited;
    this.child.kill('SIGINT');
    await ended;
  }
}

export function clusterOf(directory: string): string {
  return join(directory, 'cluster');
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function initialise(
  options: EmbeddedOptions,
  binaries: ServerBinaries,
  user: ServerUser | null,
): Promise<void> {
  const cluster = clusterOf(options.directory);
  // initdb writes it last of all, so a cluster without it was cut short and is made again.
  const whole = join(options.directory, 'initialised');
  if (await stat(whole).catch(() => null)) return;
  await rm(cluster, { recursive: true, force: true });
  await mkdir(cluster, { mode: 0o700 });
  const passwordFile = join(options.directory, 'first-password');
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  if (user) {
    await chown(cluster, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const child = spawnAs(user, binaries, [
    ...[binaries.initdb, '-D', cluster, '--username=gambeson', `--pwfile=${passwordFile}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
    ...(options.disposable ? ['--no-sync'] : []),
  ]);
  const words = collect(child);
  const [code] = await once(child, 'exit');
  await rm(passwordFile, { force: true });
  if (code !== 0) throw new FarmFault('program-failed', `initdb failed: ${words.last()}`, 'never');
  await writeFile(whole, '');
}

function serverFlags(port: number): string[] {
  return settings({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    log_min_messages: 'warning',
  });
}

const disposableFlags = settings({
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '48MB',
});

function settings(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** In a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone. */
function spawnAs(
  user: ServerUser | null,
  binaries: ServerBinaries,
  command: readonly string[],
): ChildProcess {
  const identity = user ? { uid: user.uid, gid: user.gid } : {};
  // A supervisor that is killed takes the server with it, where the system can promise that.
  const leash = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'INT'] : [];
  const [program, ...parameters] = [...leash, ...command];
  return spawn(program!, parameters, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LD_LIBRARY_PATH: binaries.libraries, LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    ...identity,
  });
}

async function untilReady(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
  const words = collect(child, onLine);
  await new Promise<void>((resolve, reject) => {
    words.listen((line) => ready.test(line) && resolve());
    child.once('error', reject);
    child.once('exit', () => {
      reject(new FarmFault('program-failed', `Postgres did not start: ${words.last()}`, 'never'));
    });
  });
}

interface Words {
  listen(hear: (line: string) => void): void;
  last(): string;
}

function collect(child: ChildProcess, onLine?: (line: string) => void): Words {
  const lines: string[] = [];
  const hearers = onLine ? [onLine] : [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > 20) lines.shift();
      for (const hear of hearers) hear(line);
    });
  }
  return { listen: (hear) => void hearers.push(hear), last: () => lines.join(' | ') };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
