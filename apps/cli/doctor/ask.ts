/** Asks a substitute server as a client does, and takes no more of an answer than it may have. */
import { sentenceOf } from '#std/farm-fault.js';
import { BrokenLink } from './links.js';

export interface Server {
  /** Without a trailing slash. */
  readonly address: string;
  /** Of a store that is not open to everybody. */
  readonly token?: string;
}

/** Milliseconds until an answer begins. */
const patience = 30_000;
/** Bytes of a text: some 20,000 references. */
const longestText = 1024 * 1024;

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/** `path` is below the server's address, or an address of its own, as narinfos may have them. */
export async function askText(server: Server, path: string): Promise<TextAnswer> {
  const answer = await ask(server, path);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytesOf(answer)) {
    size += piece.length;
    if (size > longestText) throw new BrokenLink(`${answer.url} is longer than such texts are`);
    pieces.push(piece);
  }
  return { status: answer.status, text: Buffer.concat(pieces).toString('utf8') };
}

export async function ask(server: Server, path: string): Promise<Response> {
  const { address, token } = server;
  const url = new URL(path, `${address}/`).href;
  const own = url.startsWith(`${address}/`);
  const headers = token === undefined || !own ? {} : { authorization: `Bearer ${token}` };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patience);
  try {
    return await fetch(url, { headers, signal: controller.signal });
  } catch (error) {
    throw new BrokenLink(`GET ${url} has no answer: ${causeOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A connection that is cut is a broken link. */
export async function* bytesOf(answer: Response): AsyncGenerator<Uint8Array> {
  try {
    if (answer.body) yield* answer.body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new BrokenLink(`${answer.url} was cut off: ${causeOf(error)}`);
  }
}

function causeOf(error: unknown): string {
  return sentenceOf(error instanceof Error && error.cause ? error.cause : error);
}

/** Why a status is not 200, for people. */
export function unwelcome(what: string, status: number): BrokenLink {
  const reasons: Readonly<Record<number, string>> = {
    401: 'it wants a token (--token-file)',
    403: 'it refuses this client',
    404: 'it has no such thing',
    503: 'it cannot answer now',
  };
  const reason = reasons[status] ?? (status >= 500 ? 'it has a fault' : 'it refuses');
  return new BrokenLink(`${what} is answered with ${status}: ${reason}`);
}
