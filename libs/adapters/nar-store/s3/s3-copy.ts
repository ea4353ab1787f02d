/** Copies a file inside a bucket that is larger than one copy may be. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { S3Place } from './s3-upload.js';

const gibibyte = 1024 ** 3;
/** Of S3. */
export const largestCopy = 5 * gibibyte;

export async function copyLarge(
  client: S3Client,
  { CopySource, ...place }: S3Place & { readonly CopySource: string },
  size: number,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  const upload = { ...place, UploadId };
  try {
    const Parts: CompletedPart[] = [];
    for (let start = 0; start < size; start += gibibyte) {
      const CopySourceRange = `bytes=${start}-${Math.min(start + gibibyte, size) - 1}`;
      const PartNumber = Parts.length + 1;
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange }),
      );
      Parts.push({ PartNumber, ...(CopyPartResult?.ETag && { ETag: CopyPartResult.ETag }) });
    }
    const MultipartUpload = { Parts };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}
