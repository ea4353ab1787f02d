/** Forges and templates, written to Postgres. */
import type { ForgeRegistry } from '#application/ports/forge-registry.js';
import type { Forge } from '#domain/forge/forge.js';
import type { RequestTemplate } from '#domain/forge/request-template.js';
import { id, type ForgeId } from '#domain/ids.js';
import type { Database } from './database.js';

export class PostgresForgeRegistry implements ForgeRegistry {
  constructor(private readonly database: Database) {}

  async put(forge: Omit<Forge, 'id'>): Promise<ForgeId> {
    const { name, kind, address, apiAddress, secrets, statusCredential } = forge;
    const [row] = await this.database.query<{ id: number }>(
      `insert into forges (name, kind, address, api_address, secrets, status_credential)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (name) where removed_at is null do update
          set kind = excluded.kind, address = excluded.address,
              api_address = excluded.api_address, secrets = excluded.secrets,
              status_credential = excluded.status_credential
       returning id`,
      [name, kind, address, apiAddress, secrets, statusCredential],
    );
    return id<ForgeId>(row!.id);
  }

  async remove(name: string): Promise<boolean> {
    const removed = await this.database.execute(
      'update forges set removed_at = now() where name = $1 and removed_at is null',
      [name],
    );
    return removed === 1;
  }

  async putTemplate(template: Omit<RequestTemplate, 'id'>): Promise<number> {
    const { forge, repository, specification, admits, label, allowed } = template;
    const [row] = await this.database.query<{ id: number }>(
      `insert into forge_templates
         (forge_id, repository, specification, admits, label, allowed, requests_at_most, priority,
          max_running, expiry_hours)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (forge_id, repository, specification) where removed_at is null do update
          set admits = excluded.admits, label = excluded.label, allowed = excluded.allowed,
              requests_at_most = excluded.requests_at_most, priority = excluded.priority,
              max_running = excluded.max_running, expiry_hours = excluded.expiry_hours
       returning id`,
      [
        ...[forge, repository, specification, admits, label, allowed],
        ...[template.requestsAtMost, template.priority, template.maxRunning, template.expiryHours],
      ],
    );
    return row!.id;
  }

  async removeTemplate(forge: ForgeId, template: number): Promise<boolean> {
    const removed = await this.database.execute(
      `update forge_templates set removed_at = now()
        where forge_id = $1 and id = $2 and removed_at is null`,
      [forge, template],
    );
    return removed === 1;
  }

  async noteRefusal(forge: ForgeId, why: string): Promise<void> {
    await this.database.execute(
      `update forges set refused_at = now(), refused_why = $2
        where id = $1 and (refused_at is null or refused_at < now() - interval '10 seconds')`,
      [forge, why],
    );
  }
}
