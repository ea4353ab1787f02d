/**
 * Where a log lies below the log directory: `KIND/MILLIONS/THOUSANDS/KEY.log`, so that no directory
 * holds more than a thousand files however old the farm is.
 */
import { join } from 'node:path';
import type { LogKey } from '#application/ports/log-store.js';
import { invariant } from '#std/invariant.js';

export function logPath(directory: string, key: LogKey): string {
  const match = /^(attempt|evaluation|pushed)-([1-9][0-9]{0,15})$/.exec(key);
  invariant(match, `${key} is not the key of a log`);
  const id = Number(match[2]);
  const millions = String(Math.floor(id / 1_000_000)).padStart(3, '0');
  const thousands = String(Math.floor(id / 1000) % 1000).padStart(3, '0');
  return join(directory, match[1]!, millions, thousands, `${key}.log`);
}
