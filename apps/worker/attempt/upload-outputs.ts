/** Uploads every output of an attempt, and tells them as the report does. */
import { basename } from 'node:path';
import type { BuildBackend } from '#application/ports/backend.js';
import type { NarUpload } from '#adapters/substituter-client/client.js';
import { persist } from '#adapters/system/persist.js';
import type { ReportedOutput } from '#protocol/worker.js';
import type { Cancellation } from '#std/cancellation.js';

export interface NarSink {
  putNar(upload: NarUpload): Promise<unknown>;
}

export interface UploadWish {
  readonly slug: string;
  /** Output name → full path. */
  readonly outputs: ReadonlyMap<string, string>;
  /** A substituter that is down is waited for until then. */
  readonly cancellation: Cancellation;
}

export async function uploadOutputs(
  backend: BuildBackend,
  sink: NarSink,
  { slug, outputs, cancellation }: UploadWish,
): Promise<ReportedOutput[]> {
  const reported: ReportedOutput[] = [];
  for (const [name, full] of outputs) {
    const { narHash, narSize, references } = await backend.pathInfo(full);
    const path = basename(full);
    await persist({ cancellation }, () =>
      sink.putNar({ slug, path, nar: backend.narOf(full), narHash }),
    );
    const names = references.map((reference) => basename(reference));
    reported.push({ name, path, narHash, narSize, references: names });
  }
  return reported;
}
