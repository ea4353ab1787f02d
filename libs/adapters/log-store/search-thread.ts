/**
 * A thread that searches logs, one after the other: a part of the file from one line to another, a
 * piece at a time and never a whole line of megabytes. What is searched is what is shown: escape
 * sequences are gone, and lines that are drawn over are as they end. A line counts once, however
 * often it matches.
 *
 * Whoever started it ends it when an expression takes too long. Besides Node's own modules it loads
 * drawn-line.ts alone, so that it runs as built and as a source.
 */
import { isAscii } from 'node:buffer';
import { open, type FileHandle } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';

export interface SearchTask {
  readonly path: string;
  /** Bytes to search, [start, end). */
  readonly start: number;
  readonly end: number;
  /** Of the line that begins at `start`. */
  readonly firstLine: number;
  /** An expression without flags that can be compiled. */
  readonly source: string;
  readonly flags: 'gm' | 'gim' | 'gmu' | 'gimu';
  /** Lines behind this one are told; all are counted. */
  readonly after: number;
  readonly limit: number;
}

export interface SearchFinding {
  /** Numbers of lines. */
  readonly lines: readonly number[];
  /** Matching lines up to `after`. */
  readonly before: number;
  /** All that match. */
  readonly total: number;
  readonly error: string | null;
}

const suffix = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
const drawn = new URL(`../../domain/log/drawn-line.${suffix}`, import.meta.url);
const pieceBytes = 1024 * 1024;
/** Text of more is no young object to the collector, and takes half as long again. */
const textBytes = 64 * 1024;
/** Of a line of megabytes the pieces overlap by this. */
const overlapBytes = 1024;
const lineFeed = 0x0a;
const changed = [0x1b, 0x0d, 0x08, 0x00] as const;
const looks = /\x1b\[[\d;:]*m/g;

type Drawing = Pick<typeof import('../../domain/log/drawn-line.js'), 'drawnText' | 'withTurnsTold'>;

class Search {
  readonly lines: number[] = [];
  before = 0;
  total = 0;
  /** Number of the line at which the next piece begins. */
  private line: number;
  private found = 0;

  // Node takes types away, and no more: a constructor may not declare fields.
  private readonly task: SearchTask;
  private readonly drawing: Drawing;
  private readonly expression: RegExp;

  constructor(task: SearchTask, drawing: Drawing) {
    this.task = task;
    this.line = task.firstLine;
    this.drawing = drawing;
    this.expression = new RegExp(task.source, task.flags);
  }

  async run(): Promise<void> {
    const file = await open(this.task.path, 'r');
    try {
      await this.read(file);
    } finally {
      await file.close();
    }
  }

  private async read(file: FileHandle): Promise<void> {
    const buffer = Buffer.allocUnsafe(pieceBytes + overlapBytes);
    let held = 0;
    const { start, end } = this.task;
    for (let at = start; at < end;) {
      const want = Math.min(buffer.length - held, end - at);
      const { bytesRead } = await file.read(buffer, held, want, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const bytes = buffer.subarray(0, held + bytesRead);
      const rest = at < end ? this.piece(bytes) : bytes.length;
      if (at >= end) this.search(bytes);
      held = bytes.length - rest;
      buffer.copy(buffer, 0, rest, bytes.length);
    }
  }

  /** Answers how much of it is done with. */
  private piece(bytes: Buffer): number {
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      this.search(bytes.subarray(0, end));
      return end;
    }
    if (bytes.length <= overlapBytes) return 0;
    this.search(bytes);
    return bytes.length - overlapBytes;
  }

  private search(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const end = cut(bytes, at);
      this.searchText(this.shown(bytes.subarray(at, end)));
      at = end;
    }
  }

  private searchText(text: string): void {
    let start = 0;
    this.expression.lastIndex = 0;
    for (let match = this.expression.exec(text); match; match = this.expression.exec(text)) {
      const begin = match.index === 0 ? 0 : text.lastIndexOf('\n', match.index - 1) + 1;
      if (match.index === text.length && begin === text.length) break;
      this.line += count(text, start, begin);
      const end = text.indexOf('\n', match.index);
      const next = end === -1 ? text.length : end + 1;
      if (this.isMatch(text, match, { begin, end })) this.tell();
      if (end === -1) {
        start = begin;
        break;
      }
      this.line += 1;
      start = next;
      this.expression.lastIndex = next;
      if (next >= text.length) break;
    }
    this.line += count(text, start, text.length);
  }

  /** An expression that reaches into the next line must match within this one too. */
  private isMatch(
    text: string,
    match: RegExpExecArray,
    { begin, end }: { readonly begin: number; readonly end: number },
  ): boolean {
    if (end === -1 || match.index + match[0].length <= end) return true;
    const { source, flags } = this.task;
    return new RegExp(source, flags.replace('g', '')).test(text.slice(begin, end));
  }

  private tell(): void {
    if (this.found === this.line) return;
    this.found = this.line;
    this.total += 1;
    if (this.line <= this.task.after) this.before += 1;
    else if (this.lines.length < this.task.limit) this.lines.push(this.line);
  }

  private shown(bytes: Buffer): string {
    const text = isAscii(bytes)
      ? bytes.toString('latin1')
      : this.drawing.withTurnsTold(bytes.toString('utf8'));
    const [hasLooks, ...others] = changed.map((byte) => bytes.includes(byte));
    const bare = hasLooks ? text.replaceAll(looks, '') : text;
    if (!others.includes(true) && !(hasLooks && bare.includes('\x1b'))) return bare;
    const plain = bare.replaceAll('\r\n', '\n');
    if (!/[\x1b\r\b\0]/.test(plain)) return plain;
    return plain.split('\n').map(this.drawing.drawnText).join('\n');
  }
}

/** Where a text ends that begins at `at`: with a line, or with all that there is. */
function cut(bytes: Buffer, at: number): number {
  const most = at + textBytes;
  if (most >= bytes.length) return bytes.length;
  const before = bytes.lastIndexOf(lineFeed, most - 1);
  const feed = before >= at ? before : bytes.indexOf(lineFeed, most);
  return feed === -1 ? bytes.length : feed + 1;
}

function count(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}

parentPort?.on('message', (task: SearchTask) => {
  void answer(task).then((finding) => parentPort!.postMessage(finding, []));
});

async function answer(task: SearchTask): Promise<SearchFinding> {
  try {
    const search = new Search(task, (await import(drawn.href)) as Drawing);
    await search.run();
    const { lines, before, total } = search;
    return { lines, before, total, error: null };
  } catch (error) {
    return { lines: [], before: 0, total: 0, error: String(error) };
  }
}
