/**
 * The index of a log as bytes, and back: one line of JSON, a line feed, then the blocks' lengths as
 * 32-bit little-endian numbers. Anything else is no index: it is made again.
 */
import type { LineIndex } from './line-index.js';
import { linesPerBlock } from './line-index.js';

/** Raised whenever an older index must be made again. */
const version = 1;
const lineFeed = 0x0a;

type Head = Omit<LineIndex, 'blocks'> & { readonly version: number; readonly blocks: number };

export function printIndex(index: LineIndex): Uint8Array {
  const { blocks, ...rest } = index;
  const head: Head = { version, ...rest, blocks: blocks.length };
  const json = JSON.stringify(head);
  const bytes = new Uint8Array(json.length + 1 + 4 * (blocks.length - 1));
  // Phase names hold one byte in each character, as they were read.
  for (let at = 0; at < json.length; at += 1) bytes[at] = json.charCodeAt(at);
  bytes[json.length] = lineFeed;
  const view = new DataView(bytes.buffer, json.length + 1);
  for (let at = 1; at < blocks.length; at += 1) {
    view.setUint32(4 * (at - 1), blocks[at]! - blocks[at - 1]!, true);
  }
  return bytes;
}

/** Null when the bytes are no index of this version. */
export function parseIndex(bytes: Uint8Array): LineIndex | null {
  const end = bytes.indexOf(lineFeed);
  if (end === -1) return null;
  const head = parseHead(bytes.subarray(0, end));
  if (head === null || bytes.length !== end + 1 + 4 * (head.blocks - 1)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1);
  const blocks = [0];
  for (let at = 1; at < head.blocks; at += 1) {
    blocks.push(blocks[at - 1]! + view.getUint32(4 * (at - 1), true));
  }
  const { version: _version, ...rest } = head;
  const index = { ...rest, blocks };
  return isSound(index) ? index : null;
}

function parseHead(bytes: Uint8Array): Head | null {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  try {
    const head = JSON.parse(text) as Partial<Head> | null;
    const numbers = [head?.size, head?.lines, head?.blocks, head?.errorCount];
    if (head?.version !== version || !numbers.every(Number.isSafeInteger)) return null;
    const whole = Array.isArray(head.phases) && Array.isArray(head.errors);
    return whole && typeof head.styles === 'object' && typeof head.style === 'string'
      ? (head as Head)
      : null;
  } catch {
    return null;
  }
}

function isSound({ blocks, lines, size }: LineIndex): boolean {
  return blocks.length === Math.floor(lines / linesPerBlock) + 1 && blocks.at(-1)! <= size;
}
