/**
 * Secrets lie in files that their owner alone can read; they are compared in constant time, and
 * stored by others only as SHA-256. They never appear in logs, addresses or environment listings.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import type { Fence } from '#domain/ids.js';
import { makeFile } from './new-file.js';

/** 256 random bits, URL-safe. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function randomFence(): Fence {
  return randomBytes(8).toString('hex') as Fence;
}

export async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new FarmFault('misconfigured', `cannot read the secret ${path}`, 'never', { cause });
  }
}

/**
 * Reads the secret, making it first (mode 0600) when there is none; safe when two start at once.
 */
export async function ensureSecret(
  path: string,
  make: () => string = randomSecret,
): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) makeFile(path, `${make()}\n`);
  return readSecret(path);
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Equal, in time that does not depend on where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(given)), Buffer.from(hashSecret(expected)));
}
