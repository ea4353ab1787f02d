/**
 * Takes an archive of `nix-store --export` or `guix archive --export` apart and pushes its items
 * to a store of the farm, with a token, as `nix copy` would. A nar lies on disk, compressed, until
 * what stands behind it says whose it is and, for Guix, who vouches for it.
 */
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZstdCompressor } from '#adapters/system/zstd-compressor.js';
import { dialectOf } from '#domain/substitute/store.js';
import { verifyDigest, type GuixPublicKey } from '#formats/guix-signature.js';
import { createSha256, formatHash, type HashSink } from '#formats/hash.js';
import { encodeNix32 } from '#formats/base32.js';
import { printNixNarinfo } from '#formats/narinfo.js';
import { ExportReader, type ExportEvent } from '#formats/store-export.js';
import { hashPartLength } from '#formats/store-path.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';

type ItemEvent = Extract<ExportEvent, { kind: 'item' }>;

export interface ImportWish {
  /** Of the store, without a trailing slash. */
  readonly address: string;
  readonly token: string;
  /** Who may vouch for the items of Guix; null: nobody is asked for. */
  readonly trusted: readonly GuixPublicKey[] | null;
  /** Hears of each path that the store has now. */
  readonly tell: (path: string) => void;
}

/** Throws FarmFault `upload-refused`, `corrupt-data` or `substituter-unavailable`. */
export async function importArchive(
  pieces: AsyncIterable<Uint8Array>,
  wish: ImportWish,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-import-'));
  const reader = new ExportReader();
  let spool: Spool | undefined;
  try {
    for await (const piece of pieces) {
      const read = reader.push(piece);
      if (!read.ok) throw corrupt(read.error);
      for (const event of read.value) {
        if (event.kind === 'nar') await (spool ??= new Spool(directory)).write(event.bytes);
        if (event.kind !== 'item') continue;
        await pushItem(wish, event, await spool!.end());
        await spool!.remove();
        spool = undefined;
      }
    }
    const finished = reader.finish();
    if (!finished.ok) throw corrupt(finished.error);
  } finally {
    await spool?.end().catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

interface Spooled {
  readonly path: string;
  readonly nar: HashSink;
  readonly file: HashSink;
}

/** One nar on its way to a file, compressed. */
class Spool {
  private readonly nar = createSha256();
  private readonly file = createSha256();
  private readonly entry = new PassThrough();
  private readonly path: string;
  private readonly written: Promise<void>;

  constructor(directory: string) {
    this.path = join(directory, 'nar.zst');
    const { file } = this;
    async function* hashed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of bytes) {
        file.update(piece);
        yield piece;
      }
    }
    const out = createWriteStream(this.path, { mode: 0o600 });
    this.written = pipeline(this.entry, new ZstdCompressor(), hashed, out);
    // Whoever writes or ends hears of it; until then it is nobody's.
    this.written.catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.nar.update(bytes);
    if (this.entry.write(Buffer.from(bytes))) return;
    const drained = new Promise<void>((resolve) => this.entry.once('drain', resolve));
    await Promise.race([drained, this.written]);
  }

  async end(): Promise<Spooled> {
    this.entry.end();
    await this.written;
    return { path: this.path, nar: this.nar, file: this.file };
  }

  remove(): Promise<void> {
    return rm(this.path);
  }
}

async function pushItem(wish: ImportWish, told: ItemEvent, spooled: Spooled): Promise<void> {
  const { path } = told.item;
  const dir = path.slice(0, path.lastIndexOf('/'));
  // The archives of Nix bear no signatures.
  if (wish.trusted && dialectOf({ dir }) === 'guix') checkSignature(told, wish.trusted);
  const narHash = hashText(spooled.nar);
  const narinfoPath = `${path.slice(dir.length + 1).slice(0, hashPartLength)}.narinfo`;
  if (await hasAlready(wish, narinfoPath, narHash)) return wish.tell(path);
  const file = `nar/${encodeNix32(spooled.file.digest())}.nar.zst`;
  await put(wish, file, { body: await openAsBlob(spooled.path), type: 'application/x-nix-nar' });
  const text = narinfoText(told, spooled, file);
  await put(wish, narinfoPath, { body: text, type: 'text/x-nix-narinfo' });
  wish.tell(path);
}

function narinfoText({ item }: ItemEvent, { nar, file }: Spooled, url: string): string {
  const dir = item.path.slice(0, item.path.lastIndexOf('/'));
  const basename = (path: string): string => path.slice(dir.length + 1);
  return printNixNarinfo({
    storePath: item.path,
    encodings: [{ url, compression: 'zstd', fileHash: hashText(file), fileSize: file.bytesSeen }],
    narHash: hashText(nar),
    narSize: nar.bytesSeen,
    references: item.references.map(basename),
    ...(item.deriver !== null && { deriver: basename(item.deriver) }),
    signatures: [],
  });
}

function checkSignature(
  { item, digest, signature }: ItemEvent,
  trusted: readonly GuixPublicKey[],
): void {
  if (signature === null) throw refused(`${item.path} is not signed (--unverified takes it)`);
  const verified = verifyDigest(Buffer.from(signature, 'latin1'), digest, trusted);
  if (verified.ok) return;
  const reasons: Readonly<Record<string, string>> = {
    'unknown-key': 'is signed by a key that is not trusted (--key)',
    'other-text': 'is not what was signed: it was changed on the way',
    'wrong-signature': 'bears a signature that is not of the key that it names',
  };
  throw refused(
    `${item.path} ${reasons[verified.error.kind] ?? 'bears no signature that can be read'}`,
  );
}

/** The same path with another nar is for the farm to refuse, which knows both hashes. */
async function hasAlready(wish: ImportWish, path: string, narHash: string): Promise<boolean> {
  const answer = await reach(wish, path, { method: 'GET' });
  return answer.ok && `\n${await answer.text()}`.includes(`\nNarHash: ${narHash}\n`);
}

async function put(
  wish: ImportWish,
  path: string,
  { body, type }: { readonly body: Blob | string; readonly type: string },
): Promise<void> {
  const answer = await reach(wish, path, {
    method: 'PUT',
    body,
    headers: { 'content-type': type },
  });
  if (answer.ok) return void (await answer.arrayBuffer());
  const detail = detailOf(await answer.text());
  throw refused(`PUT ${wish.address}/${path} was answered ${answer.status}: ${detail}`);
}

async function reach(wish: ImportWish, path: string, init: RequestInit): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${wish.token}` };
  try {
    return await fetch(`${wish.address}/${path}`, { ...init, headers, redirect: 'error' });
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    const message = `${wish.address} does not answer: ${sentenceOf(cause)}`;
    throw new FarmFault('substituter-unavailable', message, 'later', { cause: error });
  }
}

/** Of a problem, its sentence. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail : text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

function hashText(hash: HashSink): string {
  return formatHash({ algorithm: 'sha256', digest: hash.digest() });
}

function corrupt({ kind, offset }: { readonly kind: string; readonly offset: number }): FarmFault {
  const what =
    kind === 'not-an-archive'
      ? 'this is no archive of nix-store --export or guix archive --export'
      : `the archive is broken at byte ${offset}: ${kind}`;
  return new FarmFault('corrupt-data', what, 'never');
}

function refused(sentence: string): FarmFault {
  return new FarmFault('upload-refused', sentence, 'never');
}
