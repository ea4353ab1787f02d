/** Downloads a nar as a client would, and checks every size and hash that its narinfo tells. */
import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import { createSha256, formatHash, type HashSink } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';
import type { Narinfo, NarinfoEncoding } from '#formats/narinfo.js';
import { sentenceOf } from '#std/farm-fault.js';
import { ask, bytesOf, unwelcome, type Server } from './ask.js';
import { BrokenLink } from './links.js';

const decompressors: Readonly<Record<string, (() => Transform) | null>> = {
  none: null,
  zstd: () => createZstdDecompress(),
  gzip: () => createGunzip(),
  br: () => createBrotliDecompress(),
};

export interface Downloaded {
  readonly encoding: string;
  readonly fileSize: number;
  readonly narSize: number;
  readonly files: number;
}

/** Those encodings that can be tried here; clients have others besides. */
export function triedEncodings(narinfo: Narinfo): NarinfoEncoding[] {
  return narinfo.encodings.filter(({ compression }) => Object.hasOwn(decompressors, compression));
}

/** Throws BrokenLink with what is wrong. */
export async function download(
  server: Server,
  narinfo: Narinfo,
  encoding: NarinfoEncoding,
): Promise<Downloaded> {
  const pieces = narPieces(server, narinfo, encoding);
  for (;;) {
    const next = await pieces.next();
    if (next.done) return next.value;
  }
}

/** The nar while it comes. Throws BrokenLink with what is wrong, be it after the last piece. */
export async function* narPieces(
  server: Server,
  narinfo: Narinfo,
  encoding: NarinfoEncoding,
): AsyncGenerator<Uint8Array, Downloaded> {
  const answer = await ask(server, encoding.url);
  if (answer.status !== 200) throw unwelcome(encoding.url, answer.status);
  const file = createSha256();
  const nar = createSha256();
  const reader = new NarReader();
  let files = 0;
  const pieces = counted(bytesOf(answer), file, encoding);
  for await (const piece of plainly(pieces, encoding)) {
    nar.update(piece);
    if (nar.bytesSeen > narinfo.narSize) {
      throw new BrokenLink(`${encoding.url} unfolds to more than NarSize, ${narinfo.narSize}`);
    }
    const read = reader.push(piece);
    if (!read.ok) {
      const { kind, offset } = read.error;
      throw new BrokenLink(`${encoding.url} does not unpack: ${kind} at byte ${offset} of the nar`);
    }
    files += read.value.filter(({ kind }) => kind === 'regular' || kind === 'symlink').length;
    yield piece;
  }
  checkFile(encoding, file);
  checkNar(narinfo, encoding, nar);
  if (!reader.finish().ok) throw new BrokenLink(`${encoding.url} ends before its nar does`);
  const { compression } = encoding;
  return { encoding: compression, fileSize: file.bytesSeen, narSize: nar.bytesSeen, files };
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  hash: HashSink,
  { url, fileSize }: NarinfoEncoding,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece);
    if (fileSize !== undefined && hash.bytesSeen > fileSize) {
      throw new BrokenLink(`${url} is longer than FileSize, ${fileSize} bytes`);
    }
    yield piece;
  }
}

async function* plainly(
  pieces: AsyncGenerator<Uint8Array>,
  { url, compression }: NarinfoEncoding,
): AsyncGenerator<Uint8Array> {
  const open = decompressors[compression];
  if (!open) {
    yield* pieces;
    return;
  }
  const source = Readable.from(pieces);
  const decompressor = open();
  source.once('error', (error) => decompressor.destroy(error));
  try {
    yield* source.pipe(decompressor) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof BrokenLink) throw error;
    throw new BrokenLink(`${url} cannot be decompressed (${compression}): ${sentenceOf(error)}`);
  } finally {
    source.destroy();
    decompressor.destroy();
  }
}

function checkFile({ url, fileSize, fileHash }: NarinfoEncoding, file: HashSink): void {
  if (fileSize !== undefined && fileSize !== file.bytesSeen) {
    throw new BrokenLink(`${url} has ${file.bytesSeen} bytes, and FileSize is ${fileSize}`);
  }
  if (fileHash !== undefined && fileHash !== sha256Of(file)) {
    throw new BrokenLink(`${url} has the hash ${sha256Of(file)}, and FileHash is ${fileHash}`);
  }
}

function checkNar({ narSize, narHash }: Narinfo, { url }: NarinfoEncoding, nar: HashSink): void {
  if (narSize !== nar.bytesSeen) {
    throw new BrokenLink(`${url} unfolds to ${nar.bytesSeen} bytes, and NarSize is ${narSize}`);
  }
  if (narHash !== sha256Of(nar)) {
    throw new BrokenLink(`${url} unfolds to the hash ${sha256Of(nar)}, and NarHash is ${narHash}`);
  }
}

function sha256Of(hash: HashSink): string {
  return formatHash({ algorithm: 'sha256', digest: hash.digest() });
}
