/**
 * Brings store paths and everything they refer to from the farm's substituter into the store. Each
 * must be signed by one of the farm's keys, and its nar must have the hash that was signed.
 */
import { pipeline, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createZstdDecompress } from 'node:zlib';
import { createSha256 } from '#formats/hash.js';
import { parseNarinfo } from '#formats/narinfo-parser.js';
import type { Narinfo } from '#formats/narinfo.js';
import { parseNixPublicKey, verifyNix, type NixPublicKey } from '#formats/nix-signature.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { restoreNar } from '#adapters/system/nar-disk.js';
import { persist } from '#adapters/system/persist.js';
import { storeDirectory } from './instantiate.js';
import { baseName, formatNarHash, type LocalStore } from './store.js';
import { removeTree } from './trees.js';

export interface Substituter {
  /** Without a trailing slash; the store lies at `/local/` below it. */
  readonly address: string;
  /** Of the store below the address; else `local`. */
  readonly slug?: string;
  readonly publicKeys: readonly string[];
}

const fetchedAtOnce = 8;
const answerMilliseconds = 60_000;
/** How long an input is asked for while the farm's own parts are down. */
const patienceMilliseconds = 5 * 60_000;

/**
 * Answers the closure as full paths. A path that the farm does not offer is FarmFault
 * `input-missing`; one with a wrong signature or hash is `corrupt-data`.
 */
export async function fetchClosure(
  store: LocalStore,
  roots: readonly string[],
  from: { readonly substituter: Substituter; readonly cancellation: Cancellation },
): Promise<readonly string[]> {
  // One path that fails ends the asking for all others.
  const giveUp = new AbortController();
  const onAbort = (): void => giveUp.abort();
  from.cancellation.addEventListener('abort', onAbort);
  if (from.cancellation.aborted) onAbort();
  const fetching = new Fetching(store, from.substituter, giveUp.signal);
  const closure = new Set(roots);
  try {
    const queue = [...closure];
    while (queue.length > 0) {
      const brought = queue.splice(0, fetchedAtOnce).map((path) => fetching.bring(path));
      const all = Promise.all(brought);
      all.catch(onAbort);
      await Promise.allSettled(brought);
      for (const path of (await all).flat()) {
        if (!closure.has(path)) queue.push(path);
        closure.add(path);
      }
    }
  } finally {
    from.cancellation.removeEventListener('abort', onAbort);
  }
  return [...closure];
}

class Fetching {
  readonly #keys: readonly NixPublicKey[];
  readonly #base: string;

  constructor(
    private readonly store: LocalStore,
    substituter: Substituter,
    private readonly cancellation: Cancellation,
  ) {
    const { address, slug = 'local' } = substituter;
    this.#base = `${address.replace(/\/+$/, '')}/${slug}/`;
    this.#keys = substituter.publicKeys.flatMap((text) => {
      const key = parseNixPublicKey(text);
      return key.ok ? [key.value] : [];
    });
  }

  /** Makes one path valid and answers what it refers to. */
  async bring(path: string): Promise<readonly string[]> {
    const here = await this.store.registered(path);
    if (here) return here.references;
    const patience = { cancellation: this.cancellation, milliseconds: patienceMilliseconds };
    return persist(patience, () => this.#fetch(path));
  }

  async #fetch(path: string): Promise<readonly string[]> {
    const narinfo = await this.#narinfo(path);
    const staged = this.store.stage();
    try {
      await this.#restore(narinfo, staged);
      const references = narinfo.references.map((name) => `${storeDirectory}/${name}`);
      const { narHash, narSize, ca = null } = narinfo;
      const deriver = narinfo.deriver ?? null;
      await this.store.register(staged, { path, narHash, narSize, references, ca, deriver });
      return references;
    } finally {
      await removeTree(staged);
    }
  }

  async #narinfo(path: string): Promise<Narinfo> {
    const answer = await this.#get(`${baseName(path).slice(0, 32)}.narinfo`);
    if (answer.status === 404) {
      await answer.body?.cancel();
      throw new FarmFault('input-missing', `the farm does not offer ${path}`, 'later');
    }
    const parsed = parseNarinfo(await textOf(answer));
    if (!parsed.ok) throw corrupt(path, `its narinfo is malformed at ${parsed.error.key}`);
    const narinfo = parsed.value;
    if (narinfo.storePath !== path) throw corrupt(path, `the narinfo is of ${narinfo.storePath}`);
    if (!this.#keys.some((key) => verifyNix(key, narinfo))) {
      throw corrupt(path, 'no trusted key has signed it');
    }
    return narinfo;
  }

  async #restore(narinfo: Narinfo, staged: string): Promise<void> {
    const { storePath, narHash, narSize } = narinfo;
    const encoding = narinfo.encodings.find((e) => ['zstd', 'none'].includes(e.compression));
    if (!encoding) throw corrupt(storePath, 'it is compressed in a way that is not known here');
    const answer = await this.#get(encoding.url);
    if (!answer.ok || !answer.body) throw unavailable(answer.url, `answered ${answer.status}`);
    const hash = createSha256();
    const nar = watched(plainOf(answer.body, encoding.compression), storePath, (piece) => {
      hash.update(piece);
      if (hash.bytesSeen > narSize) throw corrupt(storePath, 'its nar is larger than signed');
    });
    await restoreNar(nar, staged);
    if (hash.bytesSeen !== narSize || formatNarHash(hash.digest()) !== narHash) {
      throw corrupt(storePath, 'its nar has another hash than was signed');
    }
  }

  /** Answers 200 or 404; anything else is a fault. The address never leaves the store's. */
  async #get(relative: string): Promise<Response> {
    const url = new URL(relative, this.#base);
    if (!url.href.startsWith(this.#base)) throw corrupt(relative, 'it lies at another address');
    const signal = AbortSignal.timeout(answerMilliseconds);
    const answer = await fetch(url, { signal }).catch((cause: unknown) => {
      throw unavailable(url.href, sentenceOf(cause));
    });
    if (answer.ok || answer.status === 404) return answer;
    await answer.body?.cancel();
    throw unavailable(url.href, `answered ${answer.status}`);
  }
}

/** The nar itself; an error of the connection ends the decompression with it. */
function plainOf(body: NonNullable<Response['body']>, compression: string): Readable {
  const bytes = Readable.fromWeb(body as ReadableStream);
  if (compression === 'none') return bytes;
  const plain = createZstdDecompress();
  pipeline(bytes, plain, () => undefined);
  return plain;
}

async function* watched(
  source: AsyncIterable<Uint8Array>,
  path: string,
  look: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of source) {
      look(piece);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof FarmFault) throw cause;
    throw unavailable(path, sentenceOf(cause));
  }
}

async function textOf(answer: Response): Promise<string> {
  return answer.text().catch((cause: unknown) => {
    throw unavailable(answer.url, sentenceOf(cause));
  });
}

function unavailable(what: string, reason: string): FarmFault {
  return new FarmFault('substituter-unavailable', `the substituter failed at ${what}: ${reason}`);
}

function corrupt(path: string, reason: string): FarmFault {
  return new FarmFault('corrupt-data', `${path} cannot be trusted: ${reason}`, 'never');
}
