/**
 * The heads of plain GET and HEAD requests, read strictly. Whatever is not plain beyond doubt is
 * not read here but left to Node's own parser: a body, another version, a strange byte.
 */

/** Bytes of a head; Node's parser takes 16 KiB of headers. */
export const largestHead = 8192;

export type HeadReading =
  | { readonly kind: 'plain'; readonly head: PlainHead; readonly end: number }
  | { readonly kind: 'incomplete' }
  /** For Node's parser to read, or to refuse. */
  | { readonly kind: 'other' };

export interface PlainHead {
  readonly method: 'GET' | 'HEAD';
  readonly target: string;
  readonly fields: Fields;
}

export interface Fields {
  readonly host: string;
  /** The sender wants no more than this answer. */
  readonly closes: boolean;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
}

const incomplete: HeadReading = { kind: 'incomplete' };
const other: HeadReading = { kind: 'other' };
const [carriageReturn, lineFeed, blank] = [13, 10, 32];
const version = ' HTTP/1.1';
const headEnd = Buffer.from('\r\n\r\n');
const headersAtMost = 64;

/** What a client sends with each of its requests alike, parsed once. */
export class HeadReader {
  private lines = '';
  private fields: Fields | null = null;

  read(bytes: Buffer, from: number): HeadReading {
    const method = methodAt(bytes, from);
    if (method === null) return bytes.length - from < 5 ? incomplete : other;
    const end = bytes.indexOf(headEnd, from);
    if (end < 0) return mayBecomePlain(bytes, from) ? incomplete : other;
    if (end - from > largestHead) return other;
    const lineEnd = bytes.indexOf(carriageReturn, from);
    const targetAt = from + method.length + 1;
    if (bytes[lineEnd + 1] !== lineFeed) return other;
    const line = bytes.toString('latin1', targetAt, lineEnd);
    const target = line.slice(0, -version.length);
    if (!line.endsWith(version) || !isPlainTarget(target)) return other;
    const lines = bytes.toString('latin1', lineEnd, end);
    if (this.fields === null || lines !== this.lines) {
      this.fields = fieldsOf(lines);
      this.lines = lines;
      if (this.fields === null) return other;
    }
    return { kind: 'plain', head: { method, target, fields: this.fields }, end: end + 4 };
  }
}

/** Lines end with two characters; Node's parser says what is to be thought of others. */
function mayBecomePlain(bytes: Buffer, from: number): boolean {
  if (bytes.length - from > largestHead) return false;
  return !/(?:^|[^\r])\n/.test(bytes.toString('latin1', from));
}

function methodAt(bytes: Buffer, at: number): PlainHead['method'] | null {
  if (bytes[at] === 0x47) {
    return bytes[at + 1] === 0x45 && bytes[at + 2] === 0x54 && bytes[at + 3] === blank
      ? 'GET'
      : null;
  }
  return bytes[at] === 0x48 && bytes.toString('latin1', at, at + 5) === 'HEAD ' ? 'HEAD' : null;
}

function isPlainTarget(target: string): boolean {
  return /^\/[!-~]*$/.test(target);
}

/** `lines` begins with a line end. Null when any of it needs more than is known here. */
function fieldsOf(lines: string): Fields | null {
  const fields = new Map<string, string>();
  const all = lines.split('\r\n').slice(1);
  if (all.length > headersAtMost) return null;
  for (const line of all) {
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[\t -~]*[!-~])?|)[ \t]*$/.exec(
      line,
    );
    if (!parts) return null;
    const name = parts[1]!.toLowerCase();
    if (fields.has(name) && singular.has(name)) return null;
    fields.set(name, parts[2]!);
  }
  const host = fields.get('host');
  if (host === undefined || notPlain.some((name) => fields.has(name))) return null;
  const connection = fields.get('connection')?.toLowerCase() ?? 'keep-alive';
  if (connection !== 'keep-alive' && connection !== 'close') return null;
  return {
    host,
    closes: connection === 'close',
    ifNoneMatch: fields.get('if-none-match'),
    ifModifiedSince: fields.get('if-modified-since'),
  };
}

const singular = new Set(['host', 'connection', 'if-none-match', 'if-modified-since']);
/** A credential, a body, another protocol, a promise to keep. */
const notPlain = [
  'authorization',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'http2-settings',
  'trailer',
];
