/**
 * The nar of an offering as it lies at its upstream, turned into zstd: what came as zstd passes as
 * it is, everything else is decompressed while it comes. `xz`, `lzip` and `bzip2` are programs of
 * the system. Whoever takes the nar hashes it: nothing is believed here.
 */
import { spawn } from 'node:child_process';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { Duplex, pipeline, Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib';
import { ZstdCompressor } from '#adapters/system/zstd-compressor.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import type { Upstream } from '#domain/substitute/upstream.js';
import type { Narinfo, NarinfoEncoding } from '#formats/narinfo.js';

const programs: Readonly<Record<string, string>> = { xz: 'xz', lzip: 'lzip', bzip2: 'bzip2' };
/** The cheaper to unpack, the sooner. */
const preferred = ['zstd', 'none', 'gzip', 'br', 'xz', 'lzip', 'bzip2'];
const redirectsAtMost = 5;
const zstdLevel = 3;

/** Errors of reading are FarmFaults: `input-missing`, `fetch-failed`, `program-missing`. */
export async function* downloadNar(
  upstream: Upstream,
  narinfo: Narinfo,
): AsyncGenerator<Uint8Array> {
  const encoding = choose(narinfo.encodings);
  const place = `${upstream.url}: ${narinfo.storePath}`;
  if (!encoding) throw new FarmFault('fetch-failed', `${place} is compressed in no known way`);
  const timeout = Math.max(upstream.timeoutSeconds, 30) * 1000;
  const answer = await open(addressOf(upstream, encoding), { timeout, redirects: 0 });
  const stages = stagesOf(encoding.compression);
  let fault: unknown;
  const last = stages.at(-1) ?? answer;
  if (stages.length > 0) {
    pipeline([answer, ...stages] as unknown as [Readable, Duplex], (error) => {
      fault ??= error;
    });
  }
  try {
    for await (const bytes of last as Readable) yield bytes as Uint8Array;
  } catch (cause) {
    const reason = fault ?? cause;
    if (reason instanceof FarmFault) throw reason;
    throw new FarmFault('fetch-failed', `${place}: ${sentenceOf(reason)}`, 'later', { cause });
  } finally {
    answer.destroy();
    for (const stage of stages) stage.destroy();
  }
}

function choose(encodings: readonly NarinfoEncoding[]): NarinfoEncoding | undefined {
  const rank = (one: NarinfoEncoding): number => preferred.indexOf(one.compression);
  return encodings.filter((one) => rank(one) >= 0).sort((a, b) => rank(a) - rank(b))[0];
}

/** It may lie anywhere on the upstream's own host, and nowhere else. */
function addressOf(upstream: Upstream, { url }: NarinfoEncoding): URL {
  const base = new URL(`${upstream.url}/`);
  const address = new URL(url, base);
  if (address.origin === base.origin) return address;
  throw new FarmFault('fetch-failed', `${upstream.url} names a nar at ${address.origin}`, 'never');
}

interface Patience {
  readonly timeout: number;
  readonly redirects: number;
}

function open(address: URL, patience: Patience): Promise<IncomingMessage> {
  const request = address.protocol === 'https:' ? requestTls : requestPlain;
  return new Promise<IncomingMessage>((resolve, reject) => {
    const call = request(address, { headers: { 'user-agent': 'Gambeson' } });
    call.setTimeout(patience.timeout, () => call.destroy(new Error('it stands still')));
    call.once('error', (cause) => reject(failed(address, sentenceOf(cause))));
    call.once('response', (answer) => {
      // Errors after this are the reader's.
      answer.setTimeout(patience.timeout, () => answer.destroy(new Error('it stands still')));
      resolve(answer);
    });
    call.end();
  }).then((answer) => judge(answer, address, patience));
}

async function judge(
  answer: IncomingMessage,
  address: URL,
  { timeout, redirects }: Patience,
): Promise<IncomingMessage> {
  const { statusCode = 0, headers } = answer;
  if (statusCode === 200) return answer;
  answer.resume();
  const moved = [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined;
  if (moved && redirects < redirectsAtMost) {
    const next = new URL(headers.location!, address);
    if (/^https?:$/.test(next.protocol)) return open(next, { timeout, redirects: redirects + 1 });
  }
  if (statusCode === 404 || statusCode === 410) {
    throw new FarmFault('input-missing', `${address.href} is gone`, 'never');
  }
  throw failed(address, `answered ${statusCode}`);
}

function failed(address: URL, why: string): FarmFault {
  return new FarmFault('fetch-failed', `${address.href}: ${why}`);
}

/** From what came to zstd. */
function stagesOf(compression: string): Duplex[] {
  if (compression === 'zstd') return [];
  const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel };
  const compress = new ZstdCompressor({ params });
  switch (compression) {
    case 'none':
      return [compress];
    case 'gzip':
      return [createGunzip(), compress];
    case 'br':
      return [createBrotliDecompress(), compress];
    default:
      return [throughProgram(programs[compression]!), compress];
  }
}

function throughProgram(name: string): Duplex {
  const child = spawn(name, ['-d', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      resolve(missing ? `${name} is not installed` : error.message);
    });
    child.once('close', (code) => resolve(code === 0 ? null : `${name} ended with ${code}`));
  });
  async function* output(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    stdin.on('error', () => undefined);
    pipeline(Readable.from(source, { objectMode: false }), stdin, () => undefined);
    try {
      for await (const bytes of stdout) yield bytes as Uint8Array;
      const fault = await ended;
      if (fault !== null) throw new FarmFault('program-failed', fault);
    } finally {
      child.kill('SIGKILL');
    }
  }
  return Duplex.from(output);
}
