/** What a specification was at each of its versions. */
import type { Specification } from '#domain/specification/specification.js';
import type { Database, Row } from './database.js';

export class SpecificationVersions {
  constructor(private readonly database: Database) {}

  /** Null when it never had that version. */
  async find(specification: number, version: number): Promise<Specification | null> {
    const [row] = await this.database.query<Row & { document: Specification }>(
      `select document from specification_versions
        where specification_id = $1 and version = $2`,
      [specification, Number.isSafeInteger(version) ? version : 0],
    );
    return row?.document ?? null;
  }
}
