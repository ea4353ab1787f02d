/**
 * Nars and packs in a bucket of an S3-compatible server: `files/AB/NAME`, `packs/AB/NAME` and
 * `quarantine/NAME.TIME` after its prefix, as on a disk. What arrives is staged on the local disk,
 * where it is hashed, and goes to the bucket when it has its name.
 */
import { mkdir } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type {
  ByteRange,
  NarInventory,
  NarStore,
  OpenFile,
  StagedFile,
  StoredFile,
} from '#application/ports/nar-store.js';
import { parseFileKey, type FileKey } from '#domain/substitute/file-key.js';
import { diskFault } from '../disk/disk-fault.js';
import { DiskStagedFile } from '../disk/staged-file.js';
import { sweepFiles } from '../disk/sweep-files.js';
import type { S3Address, S3Credentials } from './s3-address.js';
import { copyLarge, largestCopy } from './s3-copy.js';
import { openObject, readOn, type Opened } from './s3-download.js';
import { isMissingKey, s3Fault, statusOf } from './s3-fault.js';
import { putFile, type S3Place } from './s3-upload.js';

export interface S3StoreParts {
  readonly address: S3Address;
  readonly credentials: S3Credentials;
  /** A local directory. */
  readonly staging: string;
}

const kinds = ['files/', 'packs/'] as const;
/** Milliseconds of silence; and as many connections as clients may be served at once. */
const connections = {
  connectionTimeout: 5_000,
  requestTimeout: 60_000,
  httpAgent: { maxSockets: 512 },
  httpsAgent: { maxSockets: 512 },
};
const maxAttempts = 5;

export class S3NarStore implements NarStore, NarInventory {
  private readonly client: S3Client;

  constructor(private readonly parts: S3StoreParts) {
    const { endpoint, region, bucketInPath } = parts.address;
    this.client = new S3Client({
      region,
      ...(endpoint !== null && { endpoint }),
      forcePathStyle: bucketInPath,
      credentials: parts.credentials,
      maxAttempts,
      requestHandler: connections,
      // Servers besides Amazon's do not know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async stage(): Promise<StagedFile> {
    const { staging } = this.parts;
    await mkdir(staging, { recursive: true }).catch((cause: unknown) => {
      throw diskFault(staging, cause);
    });
    return DiskStagedFile.create(staging, (staged, key) => this.adopt(staged, key));
  }

  async open(key: FileKey, range?: ByteRange): Promise<OpenFile | null> {
    const place = this.place(key);
    // A range of no bytes cannot be asked for.
    if (range && range.end <= range.start) return this.emptyFile(key);
    try {
      const first = await openObject(this.client, place, range ?? null);
      return this.openFile(place, first, range);
    } catch (cause) {
      if (isMissingKey(cause)) return null;
      if (statusOf(cause) === 416) return this.emptyFile(key);
      throw s3Fault(this.named(place), cause);
    }
  }

  async size(key: FileKey): Promise<number | null> {
    const place = this.place(key);
    try {
      return (await this.client.send(new HeadObjectCommand(place))).ContentLength ?? 0;
    } catch (cause) {
      if (isMissingKey(cause)) return null;
      throw s3Fault(this.named(place), cause);
    }
  }

  async remove(key: FileKey): Promise<boolean> {
    if ((await this.size(key)) === null) return false;
    const place = this.place(key);
    await this.told(place, this.client.send(new DeleteObjectCommand(place)));
    return true;
  }

  async sweepStaged(olderThanSeconds: number): Promise<number> {
    const swept = await sweepFiles(this.parts.staging, olderThanSeconds);
    await this.sweepUploads(Date.now() - olderThanSeconds * 1000);
    return swept;
  }

  async *list(): AsyncGenerator<StoredFile> {
    const { bucket, prefix } = this.parts.address;
    for (const kind of kinds) {
      const asked = { Bucket: bucket, Prefix: prefix + kind };
      let ContinuationToken: string | undefined;
      do {
        const command = new ListObjectsV2Command({ ...asked, ContinuationToken });
        const page = await this.told({ Bucket: bucket, Key: kind }, this.client.send(command));
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          const key = parseFileKey(Key.slice(Key.lastIndexOf('/') + 1));
          if (key) yield { key, size: Size, changedAt: LastModified?.getTime() ?? Date.now() };
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    }
  }

  async quarantine(key: FileKey): Promise<boolean> {
    const size = await this.size(key);
    if (size === null) return false;
    const { address } = this.parts;
    const place = this.place(key);
    const Key = `${address.prefix}quarantine/${key}.${Date.now()}`;
    const CopySource = `${address.bucket}/${encodeURI(place.Key)}`;
    const copy = { Bucket: address.bucket, Key, CopySource };
    const copied =
      size > largestCopy
        ? copyLarge(this.client, copy, size)
        : this.client.send(new CopyObjectCommand(copy));
    await this.told(place, Promise.resolve(copied));
    await this.told(place, this.client.send(new DeleteObjectCommand(place)));
    return true;
  }

  /** Connections that nobody needs are closed. */
  async close(): Promise<void> {
    this.client.destroy();
  }

  private async adopt(staged: DiskStagedFile, key: FileKey): Promise<void> {
    if ((await this.size(key)) === staged.size) return;
    const place = this.place(key);
    // One of another size is not what it says to be, and must make room.
    await this.remove(key);
    const local = { path: staged.path, size: staged.size };
    await this.told(place, putFile(this.client, place, local));
  }

  private openFile(place: S3Place, first: Opened, range: ByteRange | undefined): OpenFile {
    const { size } = first;
    const wanted = { start: range?.start ?? 0, end: Math.min(range?.end ?? size, size) };
    const reading = { client: this.client, place, wanted, first, given: false };
    return {
      size,
      bytes: readOn(reading),
      close: async () => {
        reading.given = true;
        first.body.destroy();
      },
    };
  }

  private async emptyFile(key: FileKey): Promise<OpenFile | null> {
    const size = await this.size(key);
    return size === null ? null : { size, bytes: Readable.from([]), close: async () => undefined };
  }

  /** What a process that died has sent in parts costs room until it is given up. */
  private async sweepUploads(before: number): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.parts.address;
    const listed = await this.client
      .send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
      .catch(() => null);
    for (const { Key, UploadId, Initiated } of listed?.Uploads ?? []) {
      if (!Key || (Initiated?.getTime() ?? Date.now()) > before) continue;
      const given = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
      await this.client.send(given).catch(() => undefined);
    }
  }

  private place(key: FileKey): S3Place {
    const { bucket, prefix } = this.parts.address;
    const kind = key.endsWith('.pack.zst') ? 'packs' : 'files';
    return { Bucket: bucket, Key: `${prefix}${kind}/${key.slice(0, 2)}/${key}` };
  }

  private named({ Bucket, Key }: S3Place): string {
    return `s3://${Bucket}/${Key}`;
  }

  private told<T>(place: S3Place, work: Promise<T>): Promise<T> {
    return work.catch((cause: unknown) => {
      throw s3Fault(this.named(place), cause);
    });
  }
}
