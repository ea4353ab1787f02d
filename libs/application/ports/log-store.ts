/**
 * Where log bytes lie, by key (`attempt-12`, `evaluation-3`, `pushed-4`). A log grows by byte
 * offset, so that a repeated or overlapping append is harmless. Never in Postgres rows.
 */
export type LogKey = `attempt-${number}` | `evaluation-${number}` | `pushed-${number}`;

export interface LogStore {
  /**
   * Writes bytes that begin at `offset`; bytes already there are kept. Answers the size of the log
   * afterwards; when `offset` lies beyond the end nothing is written and the answer is the end.
   * Appends of one log are carried out in the order of the calls, also when none is waited for.
   */
  append(key: LogKey, offset: number, bytes: Uint8Array): Promise<number>;
  /** 0 when there is none. */
  size(key: LogKey): Promise<number>;
  /** Bytes [start, end); fewer when the log is shorter. */
  read(key: LogKey, start: number, end: number): AsyncIterable<Uint8Array>;
  /** The same for whoever looks at all of it: large pieces, each gone when the next one comes. */
  scan(key: LogKey, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Forces the bytes to disk, those of earlier appends too: nothing more comes. */
  seal(key: LogKey): Promise<void>;
}

export interface LogRemoval {
  /** Harmless when there is none. Nothing may be appended meanwhile or later. */
  remove(key: LogKey): Promise<void>;
}
