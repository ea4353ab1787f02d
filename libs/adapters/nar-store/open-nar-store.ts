/** Opens the nar store that the settings name: a bucket, or a directory of the farm's data. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NarInventory, NarStore } from '#application/ports/nar-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { FarmFault } from '#std/farm-fault.js';
import { DiskNarStore } from './disk/disk-nar-store.js';
import { parseS3Address, parseS3Credentials, type S3Credentials } from './s3/s3-address.js';

export interface NarStoreSettings {
  readonly dataDirectory: string;
  /** `s3://…`; undefined: on disk. */
  readonly narStore: string | undefined;
  readonly s3CredentialsFile: string;
}

export interface OpenedNarStore extends NarStore, NarInventory {
  close?(): Promise<void>;
  /** Below the directory of the nars, where they lie on a disk. */
  placeOf?(key: FileKey): string;
}

/** Throws FarmFault `misconfigured` for what cannot be used. */
export async function openNarStore(settings: NarStoreSettings): Promise<OpenedNarStore> {
  const directory = join(settings.dataDirectory, 'nars');
  if (settings.narStore === undefined) return new DiskNarStore(directory);
  const address = parseS3Address(settings.narStore);
  if (!address.ok) {
    const sentence = `GAMBESON_NAR_STORE is no address of a bucket: ${address.error}`;
    throw new FarmFault('misconfigured', sentence, 'never');
  }
  const credentials = await readCredentials(settings.s3CredentialsFile);
  // Its library takes half a second and 34 MB, which a farm on disk does without.
  const { S3NarStore } = await import('./s3/s3-nar-store.js');
  return new S3NarStore({
    ...{ address: address.value, credentials },
    staging: join(directory, 'staging'),
  });
}

async function readCredentials(path: string): Promise<S3Credentials> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const sentence = `the credentials of the nar store cannot be read from ${path}`;
    throw new FarmFault('misconfigured', sentence, 'never', { cause });
  });
  const credentials = parseS3Credentials(text);
  if (credentials) return credentials;
  const sentence = `${path} lacks aws_access_key_id or aws_secret_access_key`;
  throw new FarmFault('misconfigured', sentence, 'never');
}
