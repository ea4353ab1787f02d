/** What the API reads of build products. */
import type { BuildId } from '#domain/ids.js';
import { parseFileKey, type FileKey } from '#domain/substitute/file-key.js';
import type { BuildProductAnswer } from '#protocol/api/build-product.js';
import { invariant } from '#std/invariant.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface DownloadableFile {
  readonly fileKey: FileKey;
  readonly name: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly takenAt: Date;
  /** Its store is read with a token alone. */
  readonly private: boolean;
}

interface FileRow extends Row {
  file_key: string;
  file_name: string;
  size: number;
  sha256: string;
  taken_at: Date;
  private: boolean;
}

interface ProductRow extends Row {
  id: number;
  type: string;
  output: string;
  path: string;
  refused: string | null;
  file_name: string | null;
  size: number | null;
  sha256: string | null;
  taken_at: Date | null;
}

export class ProductQueries {
  constructor(private readonly database: Database) {}

  async ofBuild(build: BuildId): Promise<BuildProductAnswer[]> {
    const rows = await this.database.query<ProductRow>(
      `select id, type, output, path, refused, file_name, size, sha256, taken_at
         from build_products where build_id = $1 order by id`,
      [build],
    );
    return rows.map(answerOf);
  }

  /** Null when there is no such product, or not yet. */
  async file(id: string): Promise<DownloadableFile | null> {
    const [row] = await this.database.query<FileRow>(
      `select p.file_key, p.file_name, p.size, p.sha256, p.taken_at, s.private
         from build_products p join store_paths sp on sp.id = p.path_id
         join stores s on s.id = sp.store_id
        where p.id = $1 and p.taken_at is not null`,
      [id],
    );
    if (!row) return null;
    const fileKey = parseFileKey(row.file_key);
    invariant(fileKey, `build product ${id} has a file`);
    const { size, sha256, taken_at: takenAt } = row;
    return { fileKey, name: row.file_name, size, sha256, takenAt, private: row.private };
  }
}

function answerOf(row: ProductRow): BuildProductAnswer {
  const { type, output, path, file_name: name, size, sha256, taken_at: takenAt } = row;
  const there = name !== null && size !== null && sha256 !== null && takenAt !== null;
  const waits = row.refused === null ? 'awaited' : 'refused';
  return {
    ...{ id: String(row.id), type, output, path },
    state: there ? 'there' : waits,
    reason: row.refused,
    file: there
      ? { name, size, sha256, takenAt: iso(takenAt), download: `/download/${row.id}` }
      : null,
  };
}
