/**
 * A file in the staging directory, hashed while it is written. Small pieces are gathered, since
 * each write is a trip to the thread pool and back.
 */
import { randomUUID } from 'node:crypto';
import { link, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagedFile } from '#application/ports/nar-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { createSha256, formatHash } from '#formats/hash.js';
import { invariant } from '#std/invariant.js';
import { diskFault } from './disk-fault.js';

const gatherBytes = 1024 * 1024;

type Adopt = (staged: DiskStagedFile, key: FileKey) => Promise<void>;

export class DiskStagedFile implements StagedFile {
  private readonly hash = createSha256();
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;
  private state: 'writing' | 'finished' | 'gone' = 'writing';

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly adopt: Adopt,
  ) {}

  static async create(directory: string, adopt: Adopt): Promise<DiskStagedFile> {
    const path = join(directory, randomUUID());
    const file = await open(path, 'wx', 0o644).catch((cause: unknown) => {
      throw diskFault(path, cause);
    });
    return new DiskStagedFile(path, file, adopt);
  }

  get size(): number {
    return this.hash.bytesSeen;
  }

  async write(bytes: Uint8Array): Promise<void> {
    invariant(this.state === 'writing', 'a staged file is written before it is finished');
    this.hash.update(bytes);
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    if (this.gatheredBytes >= gatherBytes) await this.flush();
  }

  async finish(): Promise<{ readonly fileHash: string; readonly fileSize: number }> {
    await this.flush();
    this.state = 'finished';
    const digest = this.hash.digest();
    return { fileHash: formatHash({ algorithm: 'sha256', digest }), fileSize: this.size };
  }

  async commit(key: FileKey): Promise<void> {
    invariant(this.state === 'finished', 'a staged file is finished before it gets its name');
    try {
      await this.file.sync();
      await this.adopt(this, key);
    } catch (cause) {
      throw diskFault(this.path, cause);
    }
  }

  /**
   * Gives the bytes a name in the store, which syncs the directory. They stay staged, too, so that
   * a file that is collected before its row is written can be put again.
   */
  async renameTo(path: string): Promise<void> {
    const second = `${this.path}.named`;
    await link(this.path, second);
    await rename(second, path);
  }

  async discard(): Promise<void> {
    if (this.state === 'gone') return;
    this.state = 'gone';
    await this.file.close().catch(() => undefined);
    await unlink(this.path).catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const pieces = this.gathered;
    this.gathered = [];
    this.gatheredBytes = 0;
    if (pieces.length === 0) return;
    const { path, file } = this;
    let left = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await file.writev(pieces).catch((cause: unknown) => {
      throw diskFault(path, cause);
    });
    left -= bytesWritten;
    // A disk that fills up may take a part; writing the rest names the reason.
    if (left > 0) await this.writeRest(pieces, left);
  }

  private async writeRest(pieces: readonly Uint8Array[], left: number): Promise<void> {
    const rest = Buffer.concat(pieces).subarray(-left);
    await this.file.writeFile(rest).catch((cause: unknown) => {
      throw diskFault(this.path, cause);
    });
  }
}
