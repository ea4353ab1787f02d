/**
 * One HTTP request to an address that a specification or a forge names: to a permitted address that
 * was looked up once and is then kept to, without following redirects, within one time limit from
 * the first look-up to the last byte, and reading no more of the answer than a log can hold.
 */
import { request as plainRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { timeLimit } from '#adapters/system/time-limit.js';
import type { ReachableAddresses } from '#adapters/system/reachable-addresses.js';

export interface Outgoing {
  readonly method: 'POST' | 'GET';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The first so many bytes, as text. */
  readonly text: string;
}

export interface Guard {
  readonly addresses: ReachableAddresses;
  readonly timeoutSeconds: number;
  readonly cancellation: Cancellation;
}

const readAtMost = 2048;
const agent = 'Gambeson';

/** Throws FarmFault when there is no whole answer, whatever the reason. */
export async function guardedRequest(
  { addresses, timeoutSeconds, cancellation }: Guard,
  outgoing: Outgoing,
): Promise<Answered> {
  const url = new URL(outgoing.url);
  const signal = timeLimit(timeoutSeconds, cancellation);
  try {
    const at = await unlessAborted(addresses.resolve(url.hostname), signal);
    return await send(url, outgoing, { at, signal });
  } catch (cause) {
    if (cause instanceof FarmFault) throw cause;
    const why = signal.aborted ? `no answer within ${timeoutSeconds} seconds` : plainly(cause);
    throw new FarmFault('fetch-failed', `${url.host}: ${why}`, 'later', { cause });
  }
}

interface Way {
  readonly at: { readonly address: string; readonly family: 4 | 6 };
  readonly signal: AbortSignal;
}

function send(url: URL, { method, headers, body }: Outgoing, way: Way): Promise<Answered> {
  const request = url.protocol === 'https:' ? secureRequest : plainRequest;
  return new Promise<Answered>((resolve, reject) => {
    const sent: ClientRequest = request(
      {
        ...{ method, signal: way.signal, agent: false },
        ...{ host: way.at.address, family: way.at.family, path: `${url.pathname}${url.search}` },
        ...(url.port !== '' && { port: url.port }),
        // The certificate is that of the name, not of the address.
        servername: /^[\d.]+$|:/.test(url.hostname) ? '' : url.hostname,
        headers: {
          ...{ host: url.host, 'user-agent': agent, ...headers },
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        },
      },
      (answer) => void beginning(answer).then((text) => resolve(answered(answer, text)), reject),
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

function answered({ statusCode, headers }: IncomingMessage, text: string): Answered {
  return { status: statusCode ?? 0, headers, text };
}

/** What follows is never read. */
async function beginning(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= readAtMost) break;
  }
  answer.destroy();
  return Buffer.concat(chunks).subarray(0, readAtMost).toString('utf8');
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('too late')), { once: true });
    work.then(resolve, reject);
  });
}

function plainly(cause: unknown): string {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  return code ?? message ?? 'the connection broke';
}
