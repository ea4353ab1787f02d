/**
 * How text looks at some byte of a log that no index knows of yet: what the colours said since
 * they were last put back to plain, as programs do after each of them. Where nothing says so within
 * 64 KiB it is told as plain until the index knows better.
 */
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { StyleMemory } from '#domain/log/style-memory.js';
import { plainStyle, type Style } from '#domain/log/style.js';
import { readBytes } from './read-bytes.js';

const backBytes = 64 * 1024;
const escape = 0x1b;
const resets = ['\x1b[0m', '\x1b[m'].map((text) => Buffer.from(text));

export async function looksBefore(logs: LogStore, key: LogKey, offset: number): Promise<Style> {
  const start = Math.max(0, offset - backBytes);
  const bytes = await readBytes(logs, key, { start, end: offset });
  const begin = Math.max(...resets.map((reset) => bytes.lastIndexOf(reset)));
  const memory = new StyleMemory();
  let style = plainStyle;
  for (let at = bytes.indexOf(escape, Math.max(0, begin)); at !== -1;) {
    style = memory.after(style, bytes, at);
    at = bytes.indexOf(escape, at + 1);
  }
  return style;
}
