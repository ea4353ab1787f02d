/**
 * Real trees to nars and back. Names stay bytes all the way, so that a tree of any encoding
 * survives. Small files are read and written at once, without the thread pool: four round trips
 * for each would take most of the time of a tree of many files. Large ones never hold up the
 * process.
 */
import * as fs from 'node:fs';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import {
  compareNames,
  isSymlinkTarget,
  NarReader,
  NarWriter,
  type NarEvent,
} from '#formats/nar.js';

/** Up to this size a file is read and written at once. */
const smallFile = 64 * 1024;
/** Fragments are gathered up to this size, and large files read by it. */
const blockSize = 256 * 1024;
const slash = Buffer.from('/');

/**
 * The nar of what lies at `path`, in pieces that the taker may keep. A tree that changes
 * meanwhile, or holds something other than files, directories and links, is a fault.
 */
export async function* dumpPath(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const gathered = new Gatherer();
  gathered.add(NarWriter.archiveBegin());
  const stack: Step[] = [{ visit: Buffer.from(path) }];
  for (let step = stack.pop(); step; step = stack.pop()) {
    if ('emit' in step) gathered.add(step.emit);
    else {
      const node = openNode(step.visit);
      if (node.kind === 'large') yield* dumpLarge(node, gathered);
      else if (node.kind === 'small') gathered.add(...node.fragments);
      else pushEntries(stack, step.visit, gathered);
    }
    if (gathered.full) yield gathered.take();
  }
  if (gathered.length > 0) yield gathered.take();
}

type Step = { readonly visit: Buffer } | { readonly emit: Uint8Array };

interface LargeFile {
  readonly kind: 'large';
  readonly path: Buffer;
  readonly fd: number;
  readonly executable: boolean;
  readonly size: number;
}

type Node =
  | LargeFile
  | { readonly kind: 'small'; readonly fragments: readonly Uint8Array[] }
  | { readonly kind: 'directory' };

/** Puts a directory's entries on the stack, the first on top. */
function pushEntries(stack: Step[], path: Buffer, gathered: Gatherer): void {
  gathered.add(NarWriter.directoryBegin());
  const names = attempt(path, () => fs.readdirSync(path, { encoding: 'buffer' }));
  stack.push({ emit: NarWriter.directoryEnd() });
  for (const name of names.sort(compareNames).reverse()) {
    stack.push({ emit: NarWriter.entryEnd() });
    stack.push({ visit: Buffer.concat([path, slash, name]) });
    stack.push({ emit: NarWriter.entryBegin(name) });
  }
}

function openNode(path: Buffer): Node {
  const stat = attempt(path, () => fs.lstatSync(path));
  if (stat.isDirectory()) return { kind: 'directory' };
  if (stat.isSymbolicLink()) {
    const target = attempt(path, () => fs.readlinkSync(path, { encoding: 'buffer' }));
    if (!isSymlinkTarget(target)) throw unreadable(path, 'its target is too long');
    return { kind: 'small', fragments: [NarWriter.symlink(target)] };
  }
  if (!stat.isFile()) throw unreadable(path, 'it is not a file, a directory or a link');
  const fd = attempt(path, () =>
    fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW),
  );
  const { size, mode } = fs.fstatSync(fd);
  const executable = (mode & 0o100) !== 0;
  if (size > smallFile) return { kind: 'large', path, fd, executable, size };
  try {
    const contents = attempt(path, () => fs.readFileSync(fd));
    if (contents.length !== size) throw unreadable(path, 'it changed while it was read');
    const head = NarWriter.regularBegin({ executable, size });
    return { kind: 'small', fragments: [head, contents, NarWriter.regularEnd(size)] };
  } finally {
    fs.closeSync(fd);
  }
}

async function* dumpLarge(file: LargeFile, gathered: Gatherer): AsyncGenerator<Uint8Array> {
  const { path, fd, size, executable } = file;
  try {
    gathered.add(NarWriter.regularBegin({ executable, size }));
    yield gathered.take();
    for (let left = size; left > 0;) {
      const block = Buffer.allocUnsafeSlow(Math.min(blockSize, left));
      const read = await readSome(fd, block, path);
      if (read === 0) throw unreadable(path, 'it shrank while it was read');
      yield block.subarray(0, read);
      left -= read;
    }
    if ((await readSome(fd, Buffer.alloc(1), path)) !== 0) {
      throw unreadable(path, 'it grew while it was read');
    }
    gathered.add(NarWriter.regularEnd(size));
  } finally {
    fs.closeSync(fd);
  }
}

function readSome(fd: number, block: Buffer, path: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, block, 0, block.length, null, (error, read) => {
      if (error) reject(unreadable(path, error.code ?? error.message, error));
      else resolve(read);
    });
  });
}

/** Joins small fragments into blocks, since each piece costs its taker the same. */
class Gatherer {
  #parts: Uint8Array[] = [];
  length = 0;

  get full(): boolean {
    return this.length >= blockSize;
  }

  add(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.length += part.length;
    }
  }

  take(): Uint8Array {
    const joined = Buffer.concat(this.#parts, this.length);
    this.#parts = [];
    this.length = 0;
    return joined;
  }
}

/**
 * Unpacks a nar at `target`, which must not exist while its parent must. Files get the modes 644
 * or 755 (less the umask), everything the modification time 1. Nothing outside `target` can be
 * reached: names are single components, each is made anew and never followed. What was begun is
 * removed when this fails.
 */
export async function restoreNar(source: AsyncIterable<Uint8Array>, target: string): Promise<void> {
  if (fs.lstatSync(target, { throwIfNoEntry: false })) {
    throw new FarmFault('misconfigured', `${target} exists already`, 'never');
  }
  const tree = new TreeWriter(Buffer.from(target));
  try {
    const reader = new NarReader();
    for await (const piece of source) {
      const events = reader.push(piece);
      if (!events.ok) throw corrupt(target, events.error);
      await tree.write(events.value);
    }
    const finished = reader.finish();
    if (!finished.ok) throw corrupt(target, finished.error);
  } catch (thrown) {
    tree.abandon();
    if (tree.begun) fs.rmSync(target, { recursive: true, force: true });
    throw thrown;
  }
}

/** Follows a nar's events on the disk. */
class TreeWriter {
  /** The open directories, outermost first. */
  readonly #directories: Buffer[] = [];
  #path: Buffer;
  #fd: number | undefined;
  #size = 0;
  #left = 0;
  /** Whether the root was made here: what another made is not ours to remove. */
  begun = false;

  constructor(root: Buffer) {
    this.#path = root;
  }

  async write(events: readonly NarEvent[]): Promise<void> {
    for (const event of events) {
      if (event.kind === 'contents') await this.#fill(event.bytes);
      else this.#make(event);
    }
  }

  abandon(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #make(event: Exclude<NarEvent, { kind: 'contents' }>): void {
    const path = this.#path;
    if (event.kind === 'entry') {
      const directory = this.#directories.at(-1) ?? path;
      this.#path = Buffer.concat([directory, slash, event.name]);
    } else if (event.kind === 'directory-begin') {
      attempt(path, () => fs.mkdirSync(path, 0o755));
      this.begun = true;
      this.#directories.push(path);
    } else if (event.kind === 'directory-end') {
      const directory = this.#directories.pop() ?? path;
      attempt(directory, () => fs.utimesSync(directory, 1, 1));
    } else if (event.kind === 'symlink') {
      attempt(path, () => fs.symlinkSync(Buffer.from(event.target), path));
      this.begun = true;
      attempt(path, () => fs.lutimesSync(path, 1, 1));
    } else if (event.kind === 'regular') this.#open(event);
  }

  #open(file: { readonly executable: boolean; readonly size: number }): void {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const mode = file.executable ? 0o755 : 0o644;
    this.#fd = attempt(this.#path, () => fs.openSync(this.#path, flags, mode));
    this.begun = true;
    this.#size = file.size;
    this.#left = file.size;
    if (file.size === 0) this.#close();
  }

  async #fill(bytes: Uint8Array): Promise<void> {
    const fd = this.#fd as number;
    if (this.#size <= smallFile) {
      for (let at = 0; at < bytes.length;) {
        at += attempt(this.#path, () => fs.writeSync(fd, bytes, at));
      }
    } else {
      for (let at = 0; at < bytes.length;)
        at += await writeSome(fd, bytes.subarray(at), this.#path);
    }
    this.#left -= bytes.length;
    if (this.#left === 0) this.#close();
  }

  #close(): void {
    const fd = this.#fd as number;
    attempt(this.#path, () => fs.futimesSync(fd, 1, 1));
    this.#fd = undefined;
    fs.closeSync(fd);
  }
}

function writeSome(fd: number, bytes: Uint8Array, path: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, (error, written) => {
      if (error) reject(faultOf(path, error));
      else resolve(written);
    });
  });
}

/** Does one thing to the disk, and names the path when it fails. */
function attempt<T>(path: Buffer, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw faultOf(path, thrown);
  }
}

function faultOf(path: Buffer, thrown: unknown): FarmFault {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FarmFault('disk-full', `no space left at ${path.toString()}`, 'later', {
      cause: thrown,
    });
  }
  return unreadable(path, code ?? sentenceOf(thrown), thrown);
}

function unreadable(path: Buffer, reason: string, cause?: unknown): FarmFault {
  return new FarmFault('file-unreadable', `${path.toString()}: ${reason}`, 'later', { cause });
}

function corrupt(
  target: string,
  error: { readonly kind: string; readonly offset: number },
): FarmFault {
  const sentence = `the nar for ${target} is corrupt at byte ${error.offset}: ${error.kind}`;
  return new FarmFault('corrupt-data', sentence, 'never');
}
