/**
 * Heads of requests that the substituter reads ahead of Node's own HTTP. Where it takes one for
 * plain, Node must see the same request, of the same length, without a body: else somebody could
 * hide a request in another one's.
 */
import { createRequire } from 'node:module';
import { HeadReader, type PlainHead } from '../../../apps/substituter/wire/request-head.js';
import { demand, wordsOf, type Subject } from '../subject.js';

interface NodeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: number;
}

interface NodeParser {
  [event: number]: (...told: never[]) => unknown;
  initialize(kind: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  close(): void;
}

interface ParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

/** The very parser of `node:http`, which has no public name. */
const common = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: ParserClass;
  readonly methods: readonly string[];
};

/** The requests that Node finds; null when it refuses the bytes. */
function nodeRequests(bytes: Buffer): NodeRequest[] | null {
  const { HTTPParser, methods } = common;
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  const done: NodeRequest[] = [];
  let now: NodeRequest | null = null;
  // Beyond 32 of them they are told in parts, the address with the first.
  let early: string[] = [];
  let address = '';
  parser[HTTPParser.kOnHeaders] = ((some: string[], url: string) => {
    early.push(...some);
    address += url;
  }) as (...told: never[]) => unknown;
  const begin = (...told: unknown[]): number => {
    const [, , last = [], method, url] = told as [number, number, string[]?, number?, string?];
    const headers = [...early, ...last];
    now = { method: methods[method ?? 0] ?? '', url: address || (url ?? ''), headers, body: 0 };
    [early, address] = [[], ''];
    return 0;
  };
  parser[HTTPParser.kOnHeadersComplete] = begin as (...told: never[]) => unknown;
  parser[HTTPParser.kOnBody] = (() => {
    if (now) now = { ...now, body: now.body + 1 };
  }) as () => void;
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (now) done.push(now);
    now = null;
  };
  const taken = typeof parser.execute(bytes) === 'number';
  parser.close();
  return taken ? done : null;
}

const plain = (target: string, ...lines: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Host: farm.example.org', ...lines, '', ''].join('\r\n');

export const heads: Subject = {
  name: 'request-head',
  samples: () =>
    wordsOf(
      plain(`/${'a'.repeat(32)}.narinfo`, 'Accept: */*', 'User-Agent: curl/8 Nix/2.8'),
      plain('/nix-cache-info', 'Connection: close').replace('GET', 'HEAD'),
      plain('/x', 'If-None-Match: "a", W/"b"', 'Accept-Encoding: gzip, br').repeat(3),
      plain('/x', 'X:', 'Y: \t z \t', 'Range: bytes=0-5'),
    ),
  words: wordsOf(
    ...['GET ', 'HEAD ', 'POST ', ' HTTP/1.1\r\n', ' HTTP/1.0\r\n', '\r\n', '\r\n\r\n', '\n', '\r'],
    ...['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length : 1\r\n', ':'],
    ...['Connection: upgrade\r\n', 'Host: b\r\n', ' folded\r\n', '\tfolded\r\n', '\x0b', '\x80'],
    ...['Transfer-Encoding\0: chunked\r\n', 'Expect: 100-continue\r\n', 'Content_Length: 3\r\n'],
  ),
  take(bytes) {
    const whole = Buffer.from(bytes);
    const reader = new HeadReader();
    let at = 0;
    for (let count = 0; at < whole.length; count += 1) {
      const reading = reader.read(whole, at);
      if (reading.kind !== 'plain') return count > 0 ? 'accepted' : 'refused';
      demand(
        reading.end > at && reading.end <= whole.length,
        'each request is some bytes of these',
      );
      compare(reading.head, nodeRequests(whole.subarray(at, reading.end)));
      at = reading.end;
    }
    return 'accepted';
  },
};

function compare(head: PlainHead, seen: readonly NodeRequest[] | null): void {
  demand(seen?.length === 1, 'Node sees one request where one was read');
  const [request] = seen as [NodeRequest];
  demand(request.body === 0, 'Node sees no body');
  demand(request.method === head.method && request.url === head.target, 'Node sees the same line');
  const host = request.headers.findIndex((name, i) => i % 2 === 0 && /^host$/i.test(name));
  demand(request.headers[host + 1] === head.fields.host, 'Node sees the same host');
}
