/**
 * Packs of what a manifest names, as `guix pack` of a profile makes them: bundles with the channels
 * that they came from saved inside. Only their derivations are made here.
 */
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { parseStorePath } from '#formats/store-path.js';
import type { EvaluationEvent, EvaluationRequest } from '#application/ports/backend.js';
import { packJobName, type PackFormat } from '#domain/specification/selection.js';
import { guixStoreDir } from '../build/guix-place.js';
import { type GuixPlace } from './guix-place.js';
import type { Bounds } from './guix-process.js';
import { checkoutsShown, fileInside } from './system-reading.js';
import { runTelling } from './told.js';

export interface PackReading {
  readonly request: EvaluationRequest;
  readonly manifest: string;
  readonly format: PackFormat;
  readonly system: string;
  /** A store path. */
  readonly profile: string;
  /** A directory for roots that this evaluation may write. */
  readonly roots: string;
  readonly bounds: Bounds;
}

/** As `(gnu ci)` has it for what is no package. */
const limits = { timeoutSeconds: 5 * 3600, maxSilentSeconds: 3600 };
const ends = new Set(['evaluator-failed']);

/** A pack that cannot be made is the fault of its job. */
export async function* readPack(
  place: GuixPlace,
  reading: PackReading,
): AsyncGenerator<EvaluationEvent, void, undefined> {
  const { format, system, profile, roots, request, bounds } = reading;
  const name = packJobName(format, system);
  const manifest = await fileInside(request, reading.manifest);
  if (manifest === null) {
    const sentence = `no channel has the manifest ${reading.manifest}`;
    throw new FarmFault('evaluator-failed', sentence, 'never');
  }
  const words = [
    ...['pack', '--derivation', '--no-grafts', '--save-provenance'],
    ...[`--format=${format}`, `--system=${system}`, `--manifest=${manifest}`],
    `--root=${join(roots, name)}`,
  ];
  const program = `${profile}/bin/guix`;
  const shown = new Map(checkoutsShown(request));
  const run = { program, words, shown, lent: new Map([[roots, roots]]), bounds };
  // Every line of its standard output: what `guix pack` prints there is the derivation.
  const telling = { mark: guixStoreDir, what: `making ${name}` };
  let derivation: string | null = null;
  try {
    for await (const told of runTelling(place, run, telling)) {
      if (told.kind === 'log') yield told;
      else derivation = `${guixStoreDir}${told.json}`;
    }
  } catch (fault) {
    if (!(fault instanceof FarmFault) || !ends.has(fault.code)) throw fault;
    yield { kind: 'job-error', name, message: fault.message };
    return;
  }
  if (derivation === null || !parseStorePath(guixStoreDir, derivation).ok) {
    yield { kind: 'job-error', name, message: 'guix pack told no derivation' };
    return;
  }
  yield { kind: 'job', name, system, derivation, outputs: new Map(), meta: {}, limits };
}
