/**
 * Puts a local file into a bucket, once: in one piece when it is small, else in parts whose size
 * follows from the file's, since a file may have no more than 10,000 of them. Each piece is read
 * into memory, so that the client can sign it and send it again.
 */
import { open, type FileHandle } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { statusOf } from './s3-fault.js';

export interface S3Place {
  readonly Bucket: string;
  readonly Key: string;
}

export interface PartPlan {
  readonly partBytes: number;
  readonly parts: number;
  readonly atOnce: number;
}

const mebibyte = 1024 * 1024;
const smallestPart = 16 * mebibyte;
/** Below the 10,000 that S3 allows, with room. */
const partsAtMost = 9_000;
/** Of the parts that are in memory at once. */
const memoryBytes = 64 * mebibyte;

/** How a file of so many bytes is cut. */
export function planParts(size: number): PartPlan {
  const needed = Math.ceil(size / partsAtMost / mebibyte) * mebibyte;
  const partBytes = Math.max(smallestPart, needed);
  const atOnce = Math.max(1, Math.floor(memoryBytes / partBytes));
  return { partBytes, parts: Math.max(1, Math.ceil(size / partBytes)), atOnce };
}

export interface LocalFile {
  readonly path: string;
  readonly size: number;
}

/** A file that somebody else has put meanwhile stays: it has the same name, so the same bytes. */
export async function putFile(client: S3Client, place: S3Place, local: LocalFile): Promise<void> {
  const plan = planParts(local.size);
  const file = await open(local.path, 'r');
  try {
    await onlyOnce((condition) =>
      plan.parts === 1
        ? putWhole({ client, place, file }, local.size, condition)
        : putParts({ client, place, file }, { ...plan, size: local.size }, condition),
    );
  } finally {
    await file.close();
  }
}

interface Condition {
  readonly IfNoneMatch?: '*';
}

/** Servers that know no conditions say 501 and are asked again without one. */
async function onlyOnce(put: (condition: Condition) => Promise<void>): Promise<void> {
  try {
    await put({ IfNoneMatch: '*' });
  } catch (error) {
    const status = statusOf(error);
    if (status === 412) return;
    if (status !== 409 && status !== 501) throw error;
    await put({});
  }
}

interface Putting {
  readonly client: S3Client;
  readonly place: S3Place;
  readonly file: FileHandle;
}

async function putWhole(
  { client, place, file }: Putting,
  size: number,
  condition: Condition,
): Promise<void> {
  const Body = await readPart(file, 0, size);
  await client.send(new PutObjectCommand({ ...place, ...condition, Body, ContentLength: size }));
}

async function putParts(
  putting: Putting,
  plan: PartPlan & { readonly size: number },
  condition: Condition,
): Promise<void> {
  const { client, place } = putting;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const upload = { ...place, UploadId };
  try {
    const Parts = await sendParts(putting, plan, UploadId);
    const MultipartUpload = { Parts };
    await client.send(
      new CompleteMultipartUploadCommand({ ...upload, ...condition, MultipartUpload }),
    );
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function sendParts(
  { client, place, file }: Putting,
  { parts, partBytes, atOnce, size }: PartPlan & { readonly size: number },
  UploadId: string | undefined,
): Promise<CompletedPart[]> {
  const done: CompletedPart[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < parts) {
      const part = next;
      next += 1;
      const start = part * partBytes;
      const Body = await readPart(file, start, Math.min(partBytes, size - start));
      const PartNumber = part + 1;
      const { ETag } = await client.send(
        new UploadPartCommand({ ...place, UploadId, PartNumber, Body, ContentLength: Body.length }),
      );
      done[part] = { PartNumber, ...(ETag !== undefined && { ETag }) };
    }
  };
  const lanes = Array.from({ length: atOnce }, async () => {
    await lane().catch((error: unknown) => {
      // The other lanes begin no more parts.
      next = parts;
      throw error;
    });
  });
  const ended = await Promise.allSettled(lanes);
  const broken = ended.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
  return done;
}

async function readPart(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new Error('a staged file has become shorter');
    filled += bytesRead;
  }
  return bytes;
}
