/** Forges, read from Postgres. */
import type { ForgeCatalog } from '#application/ports/forge-catalog.js';
import type { Forge, ForgeKind, RequestOrigin } from '#domain/forge/forge.js';
import { id, type ForgeId, type SpecificationId } from '#domain/ids.js';
import type { Database, Row } from './database.js';

export interface ForgeRow extends Row {
  readonly id: number;
  readonly name: string;
  readonly kind: ForgeKind;
  readonly address: string;
  readonly api_address: string;
  readonly secrets: readonly string[];
  readonly status_credential: string | null;
}

export class PostgresForgeCatalog implements ForgeCatalog {
  constructor(private readonly database: Database) {}

  async forges(): Promise<readonly Forge[]> {
    const rows = await this.database.query<ForgeRow>(
      `select id, name, kind, address, api_address, secrets, status_credential
         from forges where removed_at is null order by name`,
    );
    return rows.map(forgeOf);
  }

  async requestOf(specification: SpecificationId): Promise<RequestOrigin | null> {
    const [row] = await this.database.query<{
      forge_id: number;
      repository: string;
      number: number;
    }>(
      `select t.forge_id, t.repository, r.number
         from forge_requests r join forge_templates t on t.id = r.template_id
        where r.specification_id = $1`,
      [specification],
    );
    if (!row) return null;
    const { repository, number } = row;
    return { forge: id<ForgeId>(row.forge_id), repository, number };
  }
}

export function forgeOf(row: ForgeRow): Forge {
  const { name, kind, address, secrets } = row;
  return {
    ...{ id: id<ForgeId>(row.id), name, kind, address, secrets },
    apiAddress: row.api_address,
    statusCredential: row.status_credential,
  };
}
