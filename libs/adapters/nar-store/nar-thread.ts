/** A thread that measures nars, one after the other. */
import { parentPort } from 'node:worker_threads';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { measureWhole } from './whole-nar.js';

export interface NarTask {
  readonly id: number;
  readonly compressed: Uint8Array;
  readonly largest: number;
}

export interface NarFinding {
  readonly id: number;
  readonly digest: NarDigest | null;
}

parentPort!.on('message', ({ id, compressed, largest }: NarTask) => {
  const finding: NarFinding = { id, digest: measureWhole(compressed, largest) };
  parentPort!.postMessage(finding, []);
});
