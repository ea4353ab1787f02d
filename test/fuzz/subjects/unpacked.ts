/** Nars written to a disk, as workers do with their inputs. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpPath, restoreNar } from '#adapters/system/nar-disk.js';
import { FarmFault } from '#std/farm-fault.js';
import { sampleNars } from '../samples.js';
import { demand, type Subject } from '../subject.js';
import { nars } from './nars.js';

export const unpacked: Subject = {
  name: 'unpack',
  samples: sampleNars,
  words: nars.words,
  async take(bytes) {
    const parent = mkdtempSync(join(tmpdir(), 'gambeson-fuzz-'));
    try {
      return await unpackInto(parent, bytes);
    } finally {
      rmSync(parent, { recursive: true });
    }
  },
};

async function unpackInto(parent: string, bytes: Uint8Array): Promise<'accepted' | 'refused'> {
  const target = join(parent, 'tree');
  try {
    await restoreNar(inPieces(bytes), target);
  } catch (error) {
    if (!(error instanceof FarmFault)) throw error;
    demand(readdirSync(parent).length === 0, 'what is refused leaves nothing behind');
    return 'refused';
  }
  demand(readdirSync(parent).join() === 'tree', 'nothing lies beside the tree');
  const again: Uint8Array[] = [];
  for await (const piece of dumpPath(target)) again.push(piece);
  demand(Buffer.concat(again).equals(bytes), 'what was unpacked packs to the same nar');
  return 'accepted';
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
