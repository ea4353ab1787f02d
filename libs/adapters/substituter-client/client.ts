/**
 * The substituter as the evaluator and the worker agent speak to it: nars go up compressed while
 * they stream, source paths are offered, derivation packs travel both ways. Nothing is retried
 * here: a FarmFault says whether trying again may help, and its cause holds the problem that was
 * answered. An upload that was cut goes on where it stopped when it is tried again.
 */
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { FarmFault } from '#std/farm-fault.js';
import { decodePack, encodePack, type PackedDerivation } from '#formats/derivation-pack.js';
import { sha256, toHex } from '#formats/hash.js';
import { parseBasename } from '#formats/store-path.js';
import { OfferRequest, PackAnswer, UploadAnswer } from '#protocol/upload.js';
import { NarBody } from './nar-body.js';
import { refusalOf, unavailable } from './refusal.js';

export const zstdLevel = 3;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** A pack larger than this, once decompressed, is not one of ours. */
const largestPack = 1024 * 1024 * 1024;

export interface NarUpload {
  readonly slug: string;
  /** Base name, `HASH-NAME`. */
  readonly path: string;
  readonly nar: AsyncIterable<Uint8Array>;
  /** Of the uncompressed nar, `sha256:<nix32>`; the substituter refuses other bytes. */
  readonly narHash?: string;
}

export interface ClientTimes {
  /** Milliseconds that an upload may stand still. */
  readonly stall: number;
  /** Milliseconds until an answer must have come, once everything was sent. */
  readonly answer: number;
}

interface Sending {
  readonly upload: NarUpload;
  readonly address: string;
  /** Bytes that have come already. */
  readonly offset: number;
  readonly key: string;
}

const cutAtMost = 256;
const defaultTimes: ClientTimes = { stall: 60_000, answer: 300_000 };

export class SubstituterClient {
  private readonly base: string;
  /** Keys of uploads that were cut, by their address: the next try goes on where they stopped. */
  private readonly cut = new Map<string, string>();

  /** `base` is the substituter's address; `token` an attempt's or the service's. */
  constructor(
    base: string,
    private readonly token?: string,
    private readonly times: ClientTimes = defaultTimes,
  ) {
    this.base = base.replace(/\/+$/, '');
  }

  /**
   * Uploads one nar. Repeating is harmless. An error of `nar` itself is thrown as it is; otherwise
   * FarmFault `upload-refused` or `substituter-unavailable`.
   */
  async putNar(upload: NarUpload): Promise<UploadAnswer> {
    const address = `/${upload.slug}/uploads/${encodeURIComponent(upload.path)}`;
    const key = this.cut.get(address);
    const offset = key === undefined ? 0 : await this.offsetOf(address, key);
    const sending = { upload, address, offset, key: key ?? randomBytes(16).toString('hex') };
    this.cut.delete(address);
    try {
      return await this.send(sending);
    } catch (error) {
      const fault = error instanceof FarmFault ? error.code : null;
      if (fault === 'substituter-unavailable') this.remember(address, sending.key);
      // What is wrong with the rest of an upload need not be wrong with the whole.
      if (fault === 'upload-refused' && offset > 0) throw unavailable(this.base + address, error);
      throw error;
    }
  }

  /** Offers an uploaded path; 409 (references missing, another hash) is `upload-refused`. */
  async offer(slug: string, request: OfferRequest): Promise<void> {
    const answer = await this.ask(`/${slug}/paths`, {
      method: 'POST',
      headers: this.headers({ 'content-type': 'application/json' }),
      body: JSON.stringify(request),
    });
    if (!answer.ok) throw await refusalOf(answer);
    await answer.body?.cancel();
  }

  /** Stores a pack of `.drv` files, inputs before those that name them. */
  async putPack(slug: string, files: readonly PackedDerivation[]): Promise<PackAnswer> {
    const pack = encodePack(files);
    const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel };
    const answer = await this.ask(`/${slug}/derivations/packs/${toHex(sha256(pack))}`, {
      method: 'PUT',
      headers: this.headers({ 'content-type': 'application/zstd' }),
      body: new Uint8Array(await compress(pack, { params })),
    });
    return readAnswer(answer, PackAnswer);
  }

  /** All files of the pack that holds this derivation; null when no pack does. */
  async getPack(slug: string, derivation: string): Promise<PackedDerivation[] | null> {
    const path = `/${slug}/derivations/${encodeURIComponent(derivation)}`;
    const answer = await this.ask(path, { headers: this.headers({}) });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return null;
    }
    if (!answer.ok) throw await refusalOf(answer);
    return unpack(await bytesOf(answer), answer.headers.get('x-pack'));
  }

  /** Whether the path can be downloaded now. `path` is a base name. */
  async isOffered(slug: string, path: string): Promise<boolean> {
    const parsed = parseBasename(path);
    if (!parsed.ok) return false;
    const answer = await this.ask(`/${slug}/${parsed.value.hashPart}.narinfo`, { method: 'HEAD' });
    if (answer.ok) return true;
    if (answer.status === 404) return false;
    throw await refusalOf(answer);
  }

  private async send({ upload, address, offset, key }: Sending): Promise<UploadAnswer> {
    const options = { level: zstdLevel, times: this.times, skip: offset };
    const body = new NarBody(upload.nar, options);
    const url = this.base + address;
    const headers = this.headers({
      ...{ 'content-type': 'application/zstd', 'upload-key': key },
      ...(upload.narHash !== undefined && { 'x-nar-hash': upload.narHash }),
      ...(offset > 0 && { 'upload-offset': String(offset) }),
    });
    try {
      const init = { method: offset > 0 ? 'PATCH' : 'PUT', headers, ...body.init() };
      const answer = await fetch(url, init).catch((cause: unknown) => {
        throw unavailable(url, cause);
      });
      return await readAnswer(answer, UploadAnswer);
    } catch (error) {
      throw body.sourceError() ?? error;
    } finally {
      body.close();
    }
  }

  /** Bytes that have come of an upload that was cut; 0 when it is not known any more. */
  private async offsetOf(address: string, key: string): Promise<number> {
    const headers = this.headers({ 'upload-key': key });
    const answer = await this.ask(address, { method: 'HEAD', headers });
    return answer.ok ? Number(answer.headers.get('upload-offset') ?? 0) : 0;
  }

  private remember(address: string, key: string): void {
    this.cut.set(address, key);
    const [oldest] = this.cut.keys();
    if (this.cut.size > cutAtMost && oldest !== undefined) this.cut.delete(oldest);
  }

  private headers(more: Record<string, string>): Record<string, string> {
    return this.token === undefined ? more : { ...more, authorization: `Bearer ${this.token}` };
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(this.times.answer);
    return fetch(`${this.base}${path}`, { ...init, signal }).catch((cause: unknown) => {
      throw unavailable(`${this.base}${path}`, cause);
    });
  }
}

async function readAnswer<T>(answer: Response, schema: z.ZodType<T>): Promise<T> {
  if (!answer.ok) throw await refusalOf(answer);
  const json: unknown = await answer.json().catch((cause: unknown) => {
    throw unavailable(answer.url, cause);
  });
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw unavailable(answer.url, new Error('the answer is not one of a substituter'));
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  return answer.bytes().catch((cause: unknown) => {
    throw unavailable(answer.url, cause);
  });
}

async function unpack(bytes: Uint8Array, hash: string | null): Promise<PackedDerivation[]> {
  const plain = await decompress(bytes, { maxOutputLength: largestPack }).catch(
    (cause: unknown) => {
      throw new FarmFault('corrupt-data', 'a derivation pack cannot be decompressed', 'later', {
        cause,
      });
    },
  );
  const files = decodePack(plain);
  if (!files.ok || toHex(sha256(plain)) !== hash) {
    throw new FarmFault('corrupt-data', `derivation pack ${hash} is damaged`, 'later');
  }
  return files.value;
}
