/**
 * All answers that this process holds: a young shelf, and the one before it. When the young one is
 * full, the old one goes as a whole, and what was asked of it meanwhile has moved on.
 */
import { performance } from 'node:perf_hooks';
import type { AnswerKeeper, HeldAnswer, NarinfoPlace } from '#application/ports/answer-keeper.js';
import { PlaceKey } from '#domain/substitute/hash-part-index.js';
import { invariant } from '#std/invariant.js';
import { Shelf } from './shelf.js';
import { AnswerFile } from './answer-file.js';

export interface Limits {
  /** Of each of the two shelves. */
  readonly entries: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

export interface Surroundings {
  /** Where the files of the shelves are made. */
  readonly directory: string;
  /** Whether a read of this path is to be noted; asked once an hour for each. */
  readonly noteRead: (store: number, hashPart: string) => boolean;
  readonly warn: (sentence: string, error: unknown) => void;
}

/** Marks: the low 15 bits are the age of doubt, the next 16 the hour of the last noted read. */
const doubts = 0x7fff;
const hourMilliseconds = 3_600_000;

export class KeptAnswers implements AnswerKeeper<Buffer> {
  private readonly key = new PlaceKey();
  private young: Shelf;
  private old: Shelf | null = null;
  /** Answers that bear another number are doubted. */
  private doubt = 1;
  /** Made beforehand, so that a full shelf is followed at once. */
  private next: Promise<void> | null = null;
  private spare: AnswerFile | null = null;
  private closed = false;

  private constructor(
    private readonly limits: Limits,
    private readonly surroundings: Surroundings,
    file: AnswerFile | null,
  ) {
    this.young = new Shelf(file, limits.memoryBytes);
  }

  static async open(limits: Limits, surroundings: Surroundings): Promise<KeptAnswers> {
    const file = await createFile(surroundings);
    return new KeptAnswers(limits, surroundings, file);
  }

  /** Paths that an answer is held of, counted twice when they moved on. */
  get entries(): number {
    return this.young.entries + (this.old?.entries ?? 0);
  }

  /** An answer that is known now; null sends the asker the long way. Notes that it was read. */
  peek(store: number, text: string, at: number): Buffer | null {
    if (!this.key.read(store, text, at)) return null;
    const handle = this.young.find(this.key.words);
    if (handle < 0) return null;
    const marks = this.young.marks(handle);
    if ((marks & doubts) !== this.doubt) return null;
    const bytes = this.young.read(handle);
    if (bytes) this.note(handle, marks, { store, text, at });
    return bytes;
  }

  async find({ store, hashPart }: NarinfoPlace): Promise<HeldAnswer<Buffer> | null> {
    const key = this.keyOf(store.id, hashPart).slice();
    for (const shelf of [this.young, this.old]) {
      const handle = shelf?.find(key) ?? -1;
      if (!shelf || handle < 0) continue;
      const [digest, marks] = [shelf.digest(handle), shelf.marks(handle)];
      const answer = await shelf.fetch(handle).catch(() => null);
      if (!answer) return null;
      const fresh = (marks & doubts) === this.doubt;
      if (shelf !== this.young && shelf.find(key) >= 0) this.put(key, answer, { digest, marks });
      return { answer, digest, fresh };
    }
    return null;
  }

  keep({ store, hashPart }: NarinfoPlace, { answer, digest, fresh }: HeldAnswer<Buffer>): void {
    const key = this.keyOf(store.id, hashPart);
    const noted = this.surroundings.noteRead(store.id, hashPart);
    const marks = (fresh ? this.doubt : 0) | (noted ? hour() << 15 : 0);
    const handle = this.young.find(key);
    const known = handle >= 0 && this.young.digest(handle) === digest;
    const same = known && this.young.read(handle) !== null;
    if (same) this.young.mark(handle, marks);
    else this.put(key, answer, { digest, marks });
  }

  forget({ store, hashPart }: NarinfoPlace): void {
    const key = this.keyOf(store.id, hashPart);
    this.young.forget(key);
    this.old?.forget(key);
  }

  forgetStore(store: number): void {
    this.young.forgetStore(store);
    this.old?.forgetStore(store);
  }

  doubtAll(): void {
    this.doubt = this.doubt === doubts ? 1 : this.doubt + 1;
  }

  /** Resolves when all that was kept lies where it is to lie. */
  async settled(): Promise<void> {
    await this.next;
    await Promise.all([this.young.settled(), this.old?.settled()]);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.next;
    await Promise.all([this.young.close(), this.old?.close(), this.spare?.close()]);
  }

  private put(key: Uint32Array, bytes: Buffer, told: { digest: number; marks: number }): void {
    this.young.put(key, bytes, told);
    const { entries, fileBytes } = this.limits;
    const fullness = Math.max(this.young.entries / entries, this.young.fileBytes / fileBytes);
    if (fullness > 0.9 && !this.spare) this.prepare();
    if (fullness >= 1 && (this.spare || !this.next)) this.turn();
  }

  private prepare(): void {
    if (this.next || this.closed) return;
    this.next = createFile(this.surroundings).then((file) => {
      this.spare = file;
      this.next = null;
    });
  }

  private turn(): void {
    const before = this.old;
    this.old = this.young;
    this.young = new Shelf(this.spare, this.limits.memoryBytes);
    this.spare = null;
    void before?.close().catch(() => undefined);
  }

  private note(
    handle: number,
    marks: number,
    place: { readonly store: number; readonly text: string; readonly at: number },
  ): void {
    const now = hour();
    if (marks >>> 15 === now) return;
    const { store, text, at } = place;
    if (!this.surroundings.noteRead(store, text.slice(at, at + 32))) return;
    this.young.mark(handle, (marks & doubts) | (now << 15));
  }

  private keyOf(store: number, hashPart: string): Uint32Array {
    invariant(this.key.read(store, hashPart), 'a hash part was parsed');
    return this.key.words;
  }
}

function hour(): number {
  return (1 + Math.floor(performance.now() / hourMilliseconds)) & 0xffff;
}

/** Null, said once, where no file can be made: then there is memory alone. */
async function createFile({ directory, warn }: Surroundings): Promise<AnswerFile | null> {
  const failed = (error: unknown): void => {
    warn('narinfos are held in memory alone', error);
  };
  return AnswerFile.create(directory, failed).catch((error: unknown) => {
    failed(error);
    return null;
  });
}
