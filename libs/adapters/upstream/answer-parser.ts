/**
 * Reads the answers of one HTTP/1.1 connection as they come, several after one another (RFC 9112):
 * bodies by Content-Length, in chunks, or up to the end of the connection. Bounded in memory.
 */
import { err, ok, type Result } from '#std/result.js';

export interface Answer {
  readonly status: number;
  /** Names in lower case; of a name told twice the last value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The server closes the connection after it. */
  readonly last: boolean;
}

const largestHead = 64 * 1024;
/** A narinfo with 20,000 references. */
const largestBody = 2 * 1024 * 1024;
const lineEnd = '\r\n';

type Head = Omit<Answer, 'body'>;
type Framing =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunks' }
  | { readonly kind: 'to-the-end' };

export class AnswerParser {
  private bytes: Buffer = Buffer.alloc(0);
  private head: { readonly told: Head; readonly framing: Framing } | null = null;
  private chunks: Buffer[] = [];
  private chunked = 0;

  /** What has become whole with these bytes; an error ends the connection. */
  push(bytes: Buffer): Result<Answer[], string> {
    this.bytes = this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
    const answers: Answer[] = [];
    for (;;) {
      const step = this.head ? this.readBody() : this.readHead();
      if (!step.ok) return step;
      if (step.value === 'more') return ok(answers);
      if (step.value !== 'head') answers.push(step.value);
    }
  }

  /** The server has said all: the answer that was to end with it, if any. */
  end(): Answer | null {
    if (this.head?.framing.kind !== 'to-the-end') return null;
    return this.whole(this.bytes);
  }

  private readHead(): Result<'more' | 'head', string> {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) return this.bytes.length > largestHead ? err('its head is too long') : ok('more');
    const [first = '', ...lines] = this.bytes.toString('latin1', 0, end).split(lineEnd);
    this.bytes = this.bytes.subarray(end + 4);
    const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first);
    if (!status) return err('it does not speak HTTP/1.1');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon <= 0) return err('a header has no name');
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const code = Number(status[2]);
    // Early hints and the like come before the answer.
    if (code < 200) return ok('head');
    const framing = framingOf(code, headers);
    if (!framing) return err('the length of its answer cannot be told');
    const said = headers.get('connection')?.toLowerCase() ?? '';
    const stays = status[1] === '1' ? !said.includes('close') : said.includes('keep-alive');
    const last = !stays || framing.kind === 'to-the-end';
    this.head = { told: { status: code, headers, last }, framing };
    return ok('head');
  }

  private readBody(): Result<'more' | Answer, string> {
    const { framing } = this.head!;
    if (framing.kind === 'chunks') return this.readChunks();
    const wanted = framing.kind === 'length' ? framing.bytes : Infinity;
    if (Math.min(wanted, this.bytes.length) > largestBody) return err('its answer is too long');
    if (this.bytes.length < wanted)
      return wanted > largestBody && wanted !== Infinity
        ? err('its answer is too long')
        : ok('more');
    const body = this.bytes.subarray(0, wanted);
    this.bytes = this.bytes.subarray(wanted);
    return ok(this.whole(body));
  }

  private readChunks(): Result<'more' | Answer, string> {
    for (;;) {
      const end = this.bytes.indexOf(lineEnd);
      if (end < 0) return this.bytes.length > largestHead ? err('a chunk has no size') : ok('more');
      const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(this.bytes.toString('latin1', 0, end));
      if (!size) return err('a chunk has no size');
      const length = Number.parseInt(size[1]!, 16);
      if (length === 0) return this.readTrailer(end);
      if (this.chunked + length > largestBody) return err('its answer is too long');
      const start = end + 2;
      if (this.bytes.length < start + length + 2) return ok('more');
      this.chunks.push(this.bytes.subarray(start, start + length));
      this.chunked += length;
      this.bytes = this.bytes.subarray(start + length + 2);
    }
  }

  private readTrailer(end: number): Result<'more' | Answer, string> {
    if (this.bytes.length < end + 4) return ok('more');
    const none = this.bytes.toString('latin1', end + 2, end + 4) === lineEnd;
    const close = none ? end : this.bytes.indexOf('\r\n\r\n', end);
    if (close < 0)
      return this.bytes.length > largestHead ? err('its trailer is too long') : ok('more');
    this.bytes = this.bytes.subarray(close + 4);
    return ok(this.whole(Buffer.concat(this.chunks)));
  }

  private whole(body: Buffer): Answer {
    const { told } = this.head!;
    this.head = null;
    this.chunks = [];
    this.chunked = 0;
    return { ...told, body };
  }
}

function framingOf(status: number, headers: ReadonlyMap<string, string>): Framing | null {
  if (status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) return /^chunked$/i.test(coding) ? { kind: 'chunks' } : null;
  const length = headers.get('content-length');
  if (length === undefined) return { kind: 'to-the-end' };
  return /^\d{1,12}$/.test(length) ? { kind: 'length', bytes: Number(length) } : null;
}
