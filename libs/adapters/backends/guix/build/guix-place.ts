/** Where Guix keeps what the worker reads itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { parseStorePath } from '#formats/store-path.js';

export const guixStoreDir = '/gnu/store';

const usualSocket = '/var/guix/daemon-socket/socket';

/** The daemon that Guix' own programs would ask. */
export function daemonAddress(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['GUIX_DAEMON_SOCKET'] ?? usualSocket;
}

/** Whether there is a daemon to ask, as far as can be seen without asking. */
export function hasDaemon(environment: NodeJS.ProcessEnv = process.env): boolean {
  const address = daemonAddress(environment);
  return address.startsWith('guix://') || existsSync(address.replace(/^(unix|file):\/\//, ''));
}

/** Throws when it is no store path, or one within an item. */
export function placeOf(root: string, path: string): string {
  if (parseStorePath(guixStoreDir, path).ok) return join(root, path);
  const sentence = `not a path of ${guixStoreDir}: ${path.slice(0, 300)}`;
  throw new FarmFault('corrupt-data', sentence, 'never');
}
