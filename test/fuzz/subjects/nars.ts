/** Nars as they are uploaded, mirrored and unpacked. */
import { isDeepStrictEqual } from 'node:util';
import { decodeNar, encodeNar, NarReader, type NarError, type NarNode } from '#formats/nar.js';
import type { Result } from '#std/result.js';
import { sampleNars } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const strings = ['nix-archive-1', '(', ')', 'type', 'regular', 'executable', 'contents', 'symlink'];
const more = ['target', 'directory', 'entry', 'name', 'node', '', 'a', '..', '.', 'a/b', 'a\0b'];

/** A string as it stands in a nar. */
function narString(text: string): string {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(text.length);
  return length.toString('latin1') + text.padEnd(Math.ceil(text.length / 8) * 8, '\0');
}

export const nars: Subject = {
  name: 'nar',
  samples: sampleNars,
  words: wordsOf(...[...strings, ...more].map(narString), '\0\0\0\0\0\0\0\0', '\xff'.repeat(8)),
  take(bytes) {
    const whole = decodeNar(bytes);
    demand(isDeepStrictEqual(verdictOf(whole), inPieces(bytes)), 'pieces change nothing');
    if (!whole.ok) return 'refused';
    demand(Buffer.compare(encodeNar(whole.value), bytes) === 0, 'what is accepted prints back');
    demand(namesAreSafe(whole.value), 'names are those of directory entries');
    return 'accepted';
  },
};

function verdictOf(result: Result<unknown, NarError>): NarError | null {
  return result.ok ? null : result.error;
}

/** The same in pieces of 1, 2, 3… bytes. */
function inPieces(bytes: Uint8Array): NarError | null {
  const reader = new NarReader();
  let size = 1;
  for (let at = 0; at < bytes.length; at += size++) {
    const pushed = reader.push(bytes.subarray(at, at + size));
    if (!pushed.ok) return pushed.error;
  }
  return verdictOf(reader.finish());
}

function namesAreSafe(root: NarNode): boolean {
  const open: NarNode[] = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.type !== 'directory') continue;
    for (const entry of node.entries) {
      const name = Buffer.from(entry.name).toString('latin1');
      if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return false;
      open.push(entry.node);
    }
  }
  return true;
}
