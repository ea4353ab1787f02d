/**
 * Reads a file from a bucket. A connection that breaks in the middle is made again from the byte
 * that comes next; a file that changes meanwhile is an error, since files never change.
 */
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { ByteRange } from '#application/ports/nar-store.js';
import { FarmFault } from '#std/farm-fault.js';
import { s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-upload.js';

const triesAtMost = 4;

export interface Opened {
  /** Of the whole file. */
  readonly size: number;
  readonly body: Readable;
}

/** Throws what the client throws. */
export async function openObject(
  client: S3Client,
  place: S3Place,
  range: ByteRange | null,
): Promise<Opened> {
  const Range = range === null ? undefined : `bytes=${range.start}-${range.end - 1}`;
  const answer = await client.send(new GetObjectCommand({ ...place, ...(Range && { Range }) }));
  return { size: sizeOf(answer), body: answer.Body as Readable };
}

function sizeOf({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const whole = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  return whole === undefined ? (ContentLength ?? 0) : Number(whole);
}

export interface Reading {
  readonly client: S3Client;
  readonly place: S3Place;
  /** The bytes that are wanted; they are all there. */
  readonly wanted: ByteRange;
  readonly first: Opened;
  /** Set when nobody reads any more. */
  given: boolean;
}

/** Its connection is given up when the iteration ends early. */
export async function* readOn(reading: Reading): AsyncGenerator<Buffer> {
  const { client, place, wanted, first } = reading;
  let { body } = first;
  let at = wanted.start;
  for (let tried = 1; at < wanted.end; tried += 1) {
    try {
      for await (const bytes of body as AsyncIterable<Buffer>) {
        at += bytes.length;
        tried = 1;
        yield bytes;
      }
      if (at < wanted.end) throw Object.assign(new Error('cut short'), { code: 'ECONNRESET' });
    } catch (cause) {
      body.destroy();
      if (tried >= triesAtMost || reading.given) throw s3Fault(place.Key, cause);
      const again = await reopened(client, place, { start: at, end: wanted.end });
      if (again.size !== first.size) {
        again.body.destroy();
        throw new FarmFault('corrupt-data', `${place.Key} changed while it was read`, 'later');
      }
      body = again.body;
    }
  }
}

function reopened(client: S3Client, place: S3Place, range: ByteRange): Promise<Opened> {
  return openObject(client, place, range).catch((cause: unknown) => {
    throw s3Fault(place.Key, cause);
  });
}
