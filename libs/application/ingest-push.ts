/**
 * Takes the file of a nar that somebody pushes, before it is told which path it belongs to. It must
 * have the hash of its name, and is measured like every nar that arrives.
 */
import { err, type Result } from '#std/result.js';
import type { PushedFile } from '#domain/substitute/pushed-file.js';
import type { TokenId } from '#domain/ids.js';
import { NarIntake, type Ingested, type IngestParts, type IngestRefusal } from './ingest-nar.js';
import type { OpenPushedNar, PackingRefusal } from './ports/pushed-nar.js';

export interface PushParts extends IngestParts {
  readonly openPushed: OpenPushedNar;
}

export interface ArrivingFile {
  readonly slug: string;
  readonly file: PushedFile;
  readonly token: TokenId;
  readonly body: AsyncIterable<Uint8Array>;
}

export async function ingestPush(
  parts: PushParts,
  { slug, file, token, body }: ArrivingFile,
): Promise<Result<Ingested, IngestRefusal | PackingRefusal>> {
  const intake = await NarIntake.open(parts);
  try {
    const pushed = parts.openPushed(file.name, body);
    const received = await intake.receive(pushed.bytes);
    const digest = received.ok ? await intake.measure() : received;
    const arrived = pushed.end();
    // What could not be unpacked ends early, and that is no whole nar either.
    if (!arrived.ok) return arrived;
    if (!digest.ok) return digest;
    const actual = arrived.value.fileHash;
    if (actual !== file.fileHash) {
      return err({ kind: 'hash-mismatch', expected: file.fileHash, actual });
    }
    const principal = { kind: 'token', token } as const;
    return await intake.keepMeasured({ slug, path: file.name, principal }, digest.value);
  } finally {
    await intake.close();
  }
}
