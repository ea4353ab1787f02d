/**
 * The farm's data directory: one supervisor at a time, and a place that Postgres's user reaches.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { isReachable, serverUser, sharedDirectory } from '#adapters/postgres/server-binaries.js';
import { Refusal } from '../exit-codes.js';

export interface DataDirectory {
  readonly path: string;
  readonly postgres: string;
  release(): Promise<void>;
}

/**
 * Makes it when missing. Throws `misconfigured` when it cannot be had, and the refusal of a
 * conflict when another supervisor holds it.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  try {
    return await openDirectory(path);
  } catch (cause) {
    if (cause instanceof FarmFault || cause instanceof Refusal) throw cause;
    const why = (cause as Error).message;
    throw new FarmFault('misconfigured', `no farm can be kept in ${path}: ${why}`, 'never', {
      cause,
    });
  }
}

async function openDirectory(path: string): Promise<DataDirectory> {
  await makeDirectory(path);
  const lock = join(path, 'up.pid');
  const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
  if (holder !== process.pid && (await isSupervisor(holder))) {
    throw new Refusal('conflict', `a farm is up on ${path} already (process ${holder})`);
  }
  await writeFile(lock, `${process.pid}\n`);
  return {
    path,
    postgres: await postgresDirectory(path),
    release: () => rm(lock, { force: true }),
  };
}

/** One by one: in a place like /proc, Node's own recursive mkdir never comes to an end. */
async function makeDirectory(path: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory()) return;
  if (dirname(path) !== path) await makeDirectory(dirname(path));
  await mkdir(path, { mode: 0o755 });
}

/** A stale lock's process id may be anybody's by now, so the command line is looked at, too. */
async function isSupervisor(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid < 2) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes('up');
}

/**
 * As root, Postgres runs as another user, who does not get through a private home. Its place is
 * then elsewhere, and noted: a data directory that is moved keeps its database, a new one never
 * finds an old.
 */
async function postgresDirectory(path: string): Promise<string> {
  if ((await serverUser()) === null || (await isReachable(path))) return join(path, 'postgres');
  const note = join(path, 'postgres-place');
  const noted = (await readFile(note, 'utf8').catch(() => '')).trim();
  if (noted !== '') return noted;
  const place = join(sharedDirectory, `farm-${randomUUID()}`);
  await writeFile(note, `${place}\n`);
  return place;
}
