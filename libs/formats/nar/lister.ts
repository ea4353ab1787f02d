/**
 * The listing of a nar as Nix writes it beside a narinfo (`HASH.ls`): names, sizes, and where the
 * contents of each file begin in the archive, so that clients fetch one file of many. The format is
 * that of `nix nar ls --json --recursive`, with a version around it.
 */
import { paddingOf } from './grammar.js';
import type { NarEvent } from './reader.js';

export type NarListing = ListedDirectory | ListedFile | ListedLink;

interface ListedDirectory {
  readonly type: 'directory';
  readonly entries: Record<string, NarListing>;
}

interface ListedFile {
  readonly type: 'regular';
  readonly size: number;
  /** Told only where it is so. */
  readonly executable?: true;
  /** Bytes from the beginning of the archive. */
  readonly narOffset: number;
}

interface ListedLink {
  readonly type: 'symlink';
  readonly target: string;
}

/** Bytes that the archive takes up to its first node. */
const magic = strings('nix-archive-1');
const [nodeBegin, nodeEnd] = [strings('(', 'type'), strings(')')];

export class NarLister {
  private at = magic;
  private readonly open: ListedDirectory[] = [];
  private readonly decoder = new TextDecoder();
  private name = '';
  private root: NarListing | null = null;
  private entries = 0;

  /** Entries that were seen: what a listing weighs. */
  get size(): number {
    return this.entries;
  }

  take(event: NarEvent): void {
    switch (event.kind) {
      case 'directory-begin':
        this.at += nodeBegin + strings('directory');
        return this.begin();
      case 'directory-end':
        this.open.pop();
        return this.close();
      case 'entry':
        this.at += strings('entry', '(', 'name', 'node') + padded(event.name.length);
        this.name = this.decoder.decode(event.name);
        this.entries += 1;
        return;
      case 'regular':
        return this.file(event);
      case 'symlink': {
        this.at += nodeBegin + strings('symlink', 'target') + padded(event.target.length);
        this.add({ type: 'symlink', target: this.decoder.decode(event.target) });
        return this.close();
      }
    }
  }

  /** The text of the listing; null while the archive is not whole. */
  print(): string | null {
    return this.root && JSON.stringify({ root: this.root, version: 1 });
  }

  private begin(): void {
    // Without a prototype, since an entry may have any name.
    const directory: ListedDirectory = { type: 'directory', entries: Object.create(null) };
    this.add(directory);
    this.open.push(directory);
  }

  private file({ executable, size }: Extract<NarEvent, { kind: 'regular' }>): void {
    this.at += nodeBegin + strings('regular', ...(executable ? ['executable', ''] : []));
    const narOffset = this.at + strings('contents') + 8;
    this.add({ type: 'regular', size, ...(executable && { executable }), narOffset });
    this.at += strings('contents') + padded(size);
    this.close();
  }

  /** A node ends, and with it the entry that it belongs to. */
  private close(): void {
    this.at += nodeEnd + (this.open.length > 0 ? nodeEnd : 0);
  }

  private add(node: NarListing): void {
    const directory = this.open.at(-1);
    if (directory) directory.entries[this.name] = node;
    else this.root = node;
  }
}

/** Bytes of strings as the archive writes them. */
function strings(...words: readonly string[]): number {
  return words.reduce((sum, word) => sum + padded(word.length), 0);
}

function padded(length: number): number {
  return 8 + length + paddingOf(length);
}
