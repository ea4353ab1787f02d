/** Without an admin token nothing listens beyond loopback: anybody could write. */
import { isIP } from 'node:net';
import { ensureSecret } from '#adapters/system/secret.js';
import { sentenceOf } from '#std/farm-fault.js';

/**
 * The admin token, made at first start. Throws when it can be neither read nor made, or is too
 * short to be a secret, naming the file: the farm then does not start.
 */
export async function requireAdminToken(file: string, host: string): Promise<string> {
  const where = isLoopback(host) ? '' : `; it is needed to listen on ${host}`;
  const token = await ensureSecret(file).catch((error: unknown) => {
    throw new Error(
      `the admin token ${file} can be neither read nor made (${sentenceOf(error)})${where}`,
    );
  });
  if (token.length < 16)
    throw new Error(`the admin token in ${file} is shorter than 16 characters`);
  return token;
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
