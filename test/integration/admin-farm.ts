/** A farm, asked as its admin does it: by pages, by the API, and by what the audit log says. */
import { expect } from '@jest/globals';
import { newAccessToken } from '#adapters/system/access-token.js';
import { hashSecret } from '#adapters/system/secret.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { PlainBrowser, type Form, type Shown } from './plain-browser.js';

export class AdminFarm {
  private constructor(private readonly farm: ApiFarm) {}

  static async start(): Promise<AdminFarm> {
    return new AdminFarm(await startApiFarm());
  }

  get address(): string {
    return this.farm.address;
  }

  get parts(): ApiFarm['parts'] {
    return this.farm.parts;
  }

  stop(): Promise<void> {
    return this.farm.stop();
  }

  ask(path: string, form?: Form, as = this.parts.adminToken): Promise<Shown> {
    return new PlainBrowser(this.address, as).ask(path, form);
  }

  async rest<T>(path: string): Promise<T> {
    return (await (await this.call(path, {})).json()) as T;
  }

  async posted(path: string): Promise<number> {
    return (await this.call(path, { method: 'POST' })).status;
  }

  async put(name: string, document: object, query = ''): Promise<void> {
    const answer = await this.call(`/specifications/${name}${query}`, {
      ...{ method: 'PUT', body: JSON.stringify(document) },
      headers: { 'content-type': 'application/json', 'if-match': '*' },
    });
    expect([name, answer.status]).toEqual([name, 200]);
  }

  /** A token that acts in a role, of all the farm or of one specification. */
  async tokenOf(role: string, specification?: string): Promise<string> {
    const made = newAccessToken();
    await this.parts.database.execute(
      `with made as (
         insert into access_tokens (name, token_hash, access, role, all_specifications)
         values ('somebody', $1, 'read', $2, $3::text is null) returning id)
       insert into access_token_specifications
       select made.id, s.id from made, specifications s where s.name = $3`,
      [hashSecret(made), role, specification ?? null],
    );
    return made;
  }

  audited(subject: string): Promise<{ action: string; subject: string }[]> {
    return this.parts.database.query(
      'select action, subject from audit_entries where subject = $1 order by id',
      [subject],
    );
  }

  private call(path: string, more: RequestInit): Promise<Response> {
    const headers = { ...more.headers, authorization: `Bearer ${this.parts.adminToken}` };
    return fetch(`${this.address}/api/v1${path}`, { ...more, headers });
  }
}
