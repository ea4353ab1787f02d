/**
 * Small nars as values: for text items, fixtures and tests. Trees of unknown size are streamed
 * instead.
 */
import { err, ok, type Result } from '#std/result.js';
import { compareNames } from './grammar.js';
import { NarReader, type NarError, type NarEvent } from './reader.js';
import * as write from './writer.js';

export type NarNode =
  | { readonly type: 'regular'; readonly executable: boolean; readonly contents: Uint8Array }
  | { readonly type: 'symlink'; readonly target: Uint8Array }
  | { readonly type: 'directory'; readonly entries: readonly NarEntry[] };

export interface NarEntry {
  readonly name: Uint8Array;
  readonly node: NarNode;
}

/** The archive of a tree; entries are put in order here. */
export function encodeNar(root: NarNode): Uint8Array {
  return Uint8Array.from(Buffer.concat([write.archiveBegin(), ...fragmentsOf(root)]));
}

function* fragmentsOf(node: NarNode): Generator<Uint8Array> {
  if (node.type === 'symlink') yield write.symlink(node.target);
  else if (node.type === 'regular') {
    const size = node.contents.length;
    yield write.regularBegin({ executable: node.executable, size });
    yield node.contents;
    yield write.regularEnd(size);
  } else {
    yield write.directoryBegin();
    for (const entry of [...node.entries].sort((a, b) => compareNames(a.name, b.name))) {
      yield write.entryBegin(entry.name);
      yield* fragmentsOf(entry.node);
      yield write.entryEnd();
    }
    yield write.directoryEnd();
  }
}

/** Reads a whole archive; contents are views of `bytes`. */
export function decodeNar(bytes: Uint8Array): Result<NarNode, NarError> {
  const reader = new NarReader();
  const pushed = reader.push(bytes);
  if (!pushed.ok) return pushed;
  const finished = reader.finish();
  return finished.ok ? ok(treeOf(pushed.value)) : err(finished.error);
}

function treeOf(events: readonly NarEvent[]): NarNode {
  let root: NarNode = { type: 'directory', entries: [] };
  const open: { entries: NarEntry[]; name: Uint8Array }[] = [];
  const place = (node: NarNode): void => {
    const directory = open.at(-1);
    if (directory) directory.entries.push({ name: directory.name, node });
    else root = node;
  };
  for (const [i, event] of events.entries()) {
    if (event.kind === 'directory-begin') {
      open.push({ entries: [], name: new Uint8Array() });
    } else if (event.kind === 'entry') {
      const directory = open.at(-1);
      if (directory) directory.name = event.name;
    } else if (event.kind === 'regular') {
      const next = events[i + 1];
      const contents = next?.kind === 'contents' ? next.bytes : new Uint8Array();
      place({ type: 'regular', executable: event.executable, contents });
    } else if (event.kind === 'symlink') {
      place({ type: 'symlink', target: event.target });
    } else if (event.kind === 'directory-end') {
      place({ type: 'directory', entries: open.pop()?.entries ?? [] });
    }
  }
  return root;
}
