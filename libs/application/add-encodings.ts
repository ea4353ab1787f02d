/**
 * Makes the encodings that a store's clients want and a path lacks, one after the other. The nar is
 * measured on its way: what does not have its hash is not encoded but looked at. Bytes first, row
 * second, as with an upload.
 */
import { FarmFault } from '#std/farm-fault.js';
import { narKey, parseFileKey } from '#domain/substitute/file-key.js';
import {
  lackingEncodings,
  sourceFile,
  wantedEncodings,
  type AddableEncoding,
} from '#domain/substitute/encodings.js';
import type { Compression, NarFile } from '#domain/substitute/offered-path.js';
import type { EncodablePath, EncodingStore, Wish } from './ports/encoding-store.js';
import type { NarCodec } from './ports/nar-codec.js';
import type { NarMeter } from './ports/nar-meter.js';
import type { NarStore, StagedFile } from './ports/nar-store.js';

export interface EncodingParts {
  readonly encodings: EncodingStore;
  readonly nars: Pick<NarStore, 'open' | 'size' | 'stage'>;
  readonly codec: NarCodec;
  /** A meter of nars that are not compressed. */
  readonly startMeter: () => NarMeter;
  readonly announce: (sentence: string) => void;
  /** Hears of a file that is not as its row says. */
  readonly suspect: (fileKey: string) => void;
}

export interface Encoded {
  /** Where the next pass begins; null when there is nothing beyond. */
  readonly last: number | null;
  readonly made: number;
}

const lookedAtOnce = 2000;

export async function wishesOf(
  { encodings }: Pick<EncodingParts, 'encodings'>,
  available: ReadonlySet<AddableEncoding>,
): Promise<Wish[]> {
  const stores = await encodings.stores();
  return stores
    .map((store) => ({ store: store.id, wanted: wantedEncodings(store, available) }))
    .filter(({ wanted }) => wanted.length > 0);
}

/** One look beyond a path, and all that it finds; `goOn` is asked between nars. */
export async function addEncodings(
  parts: EncodingParts,
  { wishes, after }: { readonly wishes: readonly Wish[]; readonly after: number },
  goOn: () => boolean,
): Promise<Encoded> {
  const { paths, last } = await parts.encodings.lacking(wishes, after, lookedAtOnce);
  let made = 0;
  for (const path of paths) {
    const { wanted = [] } = wishes.find(({ store }) => store === path.store) ?? {};
    for (const to of lackingEncodings(path.path, path.files, wanted)) {
      if (!goOn()) return { last: path.id - 1, made };
      if (await tried(parts, path, to)) made += 1;
    }
  }
  return { last, made };
}

/** One nar that a program chokes on must not keep the others waiting; it comes round again. */
async function tried(parts: EncodingParts, path: EncodablePath, to: Compression): Promise<boolean> {
  try {
    return await encode(parts, path, to);
  } catch (error) {
    if (!(error instanceof FarmFault) || error.code !== 'program-failed') throw error;
    parts.announce(`${path.path}: ${error.message}`);
    return false;
  }
}

/** Whether it is offered now. */
async function encode(
  parts: EncodingParts,
  path: EncodablePath,
  to: Compression,
): Promise<boolean> {
  const source = sourceFile(path.files);
  const key = source && parseFileKey(source.fileKey);
  if (!key) return false;
  const open = await parts.nars.open(key);
  if (open?.size !== source.fileSize) {
    await open?.close();
    parts.suspect(key);
    return false;
  }
  const staged = await parts.nars.stage();
  const meter = parts.startMeter();
  try {
    const nar = measured(parts.codec.unfold(source.compression, open.bytes), meter);
    const broken = await pour(parts.codec.fold(to, nar), staged);
    const digest = broken ? null : await meter.finish();
    if (digest?.ok && digest.value.narHash === path.narHash) {
      return await keep(parts, { path, to, staged });
    }
    parts.suspect(key);
    return false;
  } finally {
    meter.close();
    await open.close();
    await staged.discard();
  }
}

async function* measured(
  nar: AsyncIterable<Uint8Array>,
  meter: NarMeter,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of nar) {
    const pushed = await meter.push(bytes);
    if (!pushed.ok) throw new NotTheNar();
    yield bytes;
  }
}

/** What is read is not the nar that is offered. */
class NotTheNar extends Error {}

/** Whether the source turned out to be broken. */
async function pour(bytes: AsyncIterable<Uint8Array>, staged: StagedFile): Promise<boolean> {
  try {
    for await (const piece of bytes) await staged.write(piece);
    return false;
  } catch (error) {
    const corrupt = error instanceof FarmFault && error.code === 'corrupt-data';
    if (error instanceof NotTheNar || corrupt) return true;
    throw error;
  }
}

interface Keeping {
  readonly path: EncodablePath;
  readonly to: Compression;
  readonly staged: StagedFile;
}

/** A collector may take the file before its row is there: then it is put once more. */
async function keep(
  { encodings, nars }: EncodingParts,
  { path, to, staged }: Keeping,
): Promise<boolean> {
  const { fileHash, fileSize } = await staged.finish();
  const fileKey = narKey(fileHash, to);
  const file: NarFile = { compression: to, fileHash, fileSize, fileKey };
  await staged.commit(fileKey);
  if (!(await encodings.add(path, file))) return false;
  if ((await nars.size(fileKey)) === null) await staged.commit(fileKey);
  return true;
}
