/**
 * Whole HTTP answers as bytes, made once and sent many times. What changes from one sending to the
 * next stands at fixed places: the date is written into the bytes in place; head, validators and
 * body are cut out of them.
 */
import { createHash } from 'node:crypto';

export interface AnswerParts {
  readonly type: string;
  /** ASCII: what stands in it was parsed. */
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly cacheControl: string;
}

const statusLine = 'HTTP/1.1 200 OK\r\n';
const dateLength = 'Thu, 01 Jan 1970 00:00:00 GMT'.length;
const dateAt = `${statusLine}Date: `.length;
const tagLength = 24;
const tagAt = dateAt + dateLength + '\r\nETag: '.length;
const modifiedAt = tagAt + tagLength + '\r\nLast-Modified: '.length;
/** Written over by each sending. */
const noDate = `Date: ${httpDate(0)}`;
const headEnd = Buffer.from('\r\n\r\n');

export function answerBytes(parts: AnswerParts): Buffer {
  const { type, body, lastModified, cacheControl } = parts;
  const tag = createHash('sha256')
    .update(body)
    .digest('hex')
    .slice(0, tagLength - 2);
  const head = [
    noDate,
    `ETag: "${tag}"`,
    `Last-Modified: ${httpDate(lastModified)}`,
    `Cache-Control: ${cacheControl}`,
    'Connection: keep-alive',
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${statusLine}${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** An answer that says no more than its status, with a line of text as its body. */
export function plainBytes(status: string, cacheControl: string, body: string): Buffer {
  const head = [
    `HTTP/1.1 ${status}`,
    noDate,
    `Cache-Control: ${cacheControl}`,
    'Connection: keep-alive',
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** The date of now, made once a second. */
export class HttpClock {
  private second = 0;
  private readonly date = Buffer.from(httpDate(0), 'latin1');

  /** Writes the date of now into an answer of this file. */
  stamp(answer: Buffer): Buffer {
    const now = Date.now();
    if (now - this.second >= 1000 || now < this.second) {
      this.second = now - (now % 1000);
      this.date.write(httpDate(now), 'latin1');
    }
    const at = answer[9] === 0x32 ? dateAt : answer.indexOf('\r\nDate: ') + 8;
    answer.set(this.date, at);
    return answer;
  }
}

/** Status line and header lines, with the empty line that ends them. */
export function headOf(answer: Buffer): Buffer {
  return answer.subarray(0, answer.indexOf(headEnd) + headEnd.length);
}

export function bodyOf(answer: Buffer): Buffer {
  return answer.subarray(answer.indexOf(headEnd) + headEnd.length);
}

/** Names and values in turn, but not what belongs to the connection, or is made by each sending. */
export function headersOf(answer: Buffer): string[] {
  const lines = headOf(answer).toString('latin1').split('\r\n').slice(1, -2);
  return lines
    .map((line): [string, string] => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    })
    .filter(([name]) => name !== 'Date' && name !== 'Connection')
    .flat();
}

export interface Conditions {
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
}

export interface Validators {
  /** With its quotes. */
  readonly tag: string;
  readonly lastModified: string;
}

export function validatorsOf(answer: Buffer): Validators {
  return {
    tag: answer.toString('latin1', tagAt, tagAt + tagLength),
    lastModified: answer.toString('latin1', modifiedAt, modifiedAt + dateLength),
  };
}

/** RFC 9110, 13.2.2: a tag that was told counts, and the date only where there is none. */
export function isUnchanged(conditions: Conditions, validators: Validators): boolean {
  const { ifNoneMatch, ifModifiedSince } = conditions;
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(validators.tag);
  }
  if (ifModifiedSince === undefined) return false;
  const since = Date.parse(ifModifiedSince);
  return Number.isFinite(since) && Date.parse(validators.lastModified) <= since;
}

/** The answer 304 that stands for an answer of `answerBytes`. */
export function unchangedBytes(answer: Buffer): Buffer {
  const head = headOf(answer).toString('latin1');
  const kept = head.slice(statusLine.length, head.indexOf('Content-Type: '));
  return Buffer.from(`HTTP/1.1 304 Not Modified\r\n${kept}\r\n`, 'latin1');
}

/** The same answer on a connection that ends with it. */
export function closingBytes(answer: Buffer): Buffer {
  const head = headOf(answer)
    .toString('latin1')
    .replace('Connection: keep-alive', 'Connection: close');
  return Buffer.concat([Buffer.from(head, 'latin1'), bodyOf(answer)]);
}
