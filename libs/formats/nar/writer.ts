/**
 * The fragments of a nar, each construct as bytes; the caller puts them in a row:
 *
 *     archive   = archiveBegin node
 *     node      = regularBegin CONTENTS regularEnd | symlink | directoryBegin entry* directoryEnd
 *     entry     = entryBegin node entryEnd         (entries ascending by compareNames)
 */
import { invariant } from '#std/invariant.js';
import { isEntryName, isSymlinkTarget, narString, paddingOf, writeLength } from './grammar.js';

const encoder = new TextEncoder();

function strings(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return joined(parts.map((p) => narString(typeof p === 'string' ? encoder.encode(p) : p)));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const magic = strings('nix-archive-1');
const directoryHead = strings('(', 'type', 'directory');
const close = strings(')');
const entryHead = strings('entry', '(', 'name');
const entryNode = strings('node');
const linkHead = strings('(', 'type', 'symlink', 'target');
const plainHead = strings('(', 'type', 'regular', 'contents');
const executableHead = strings('(', 'type', 'regular', 'executable', '', 'contents');
const tails = Array.from({ length: 8 }, (_, zeros) => joined([new Uint8Array(zeros), close]));

export function archiveBegin(): Uint8Array {
  return magic.slice();
}

export function directoryBegin(): Uint8Array {
  return directoryHead.slice();
}

export function directoryEnd(): Uint8Array {
  return close.slice();
}

/** A name that no directory can hold is a broken invariant. */
export function entryBegin(name: Uint8Array): Uint8Array {
  invariant(isEntryName(name), 'the name of a directory entry is valid');
  return joined([entryHead, narString(name), entryNode]);
}

export function entryEnd(): Uint8Array {
  return close.slice();
}

/** Must be followed by exactly `size` bytes and `regularEnd(size)`. */
export function regularBegin(file: {
  readonly executable: boolean;
  readonly size: number;
}): Uint8Array {
  invariant(Number.isSafeInteger(file.size) && file.size >= 0, 'the size of a file is a count');
  const head = file.executable ? executableHead : plainHead;
  const out = new Uint8Array(head.length + 8);
  out.set(head);
  writeLength(out.subarray(head.length), file.size);
  return out;
}

export function regularEnd(size: number): Uint8Array {
  return (tails[paddingOf(size)] ?? close).slice();
}

export function symlink(target: Uint8Array): Uint8Array {
  invariant(isSymlinkTarget(target), 'the target of a symbolic link is valid');
  return joined([linkHead, narString(target), close]);
}
