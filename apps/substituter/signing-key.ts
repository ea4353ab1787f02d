/**
 * The farm's signing key: made at the first start, readable by the substituter alone. Its public
 * half lies beside, for everybody.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureSecret } from '#adapters/system/secret.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixSecretKey,
  publicKeyOf,
  type NixSecretKey,
} from '#formats/nix-signature.js';
import { FarmFault } from '#std/farm-fault.js';

export interface SigningKey {
  readonly secret: NixSecretKey;
  /** `NAME:BASE64`, as clients trust it. */
  readonly publicKey: string;
}

/** Throws FarmFault `misconfigured` when the file does not hold a Nix secret key. */
export async function openSigningKey(files: {
  readonly signingKeyFile: string;
  readonly publicKeyFile: string;
}): Promise<SigningKey> {
  // Random, since two farms whose keys bear one name cannot both be trusted by a client.
  const make = (): string =>
    formatNixSecretKey(generateNixKey(`gambeson-${randomBytes(4).toString('hex')}-1`));
  const text = await ensureSecret(files.signingKeyFile, make);
  const secret = parseNixSecretKey(text);
  if (!secret.ok) {
    const sentence = `${files.signingKeyFile} does not hold a signing key: ${secret.error.kind}`;
    throw new FarmFault('misconfigured', sentence, 'never');
  }
  const publicKey = formatNixPublicKey(publicKeyOf(secret.value));
  await publish(files.publicKeyFile, publicKey);
  return { secret: secret.value, publicKey };
}

async function publish(path: string, publicKey: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}`;
  await writeFile(staged, `${publicKey}\n`);
  await chmod(staged, 0o644);
  await rename(staged, path);
}
