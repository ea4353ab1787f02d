/** Reads the end of a build's log for those who are told that it broke. */
import { readBytes } from '#adapters/log-store/read-bytes.js';
import type { Database } from '#adapters/postgres/database.js';
import { lastAttempt } from '#adapters/postgres/last-attempt.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { BuildId } from '#domain/ids.js';

const bytesAtMost = 16 * 1024;

export class EndsOfLogs {
  constructor(
    private readonly database: Database,
    private readonly logs: LogStore,
  ) {}

  /** Of the last attempt. The news is worth more than its log: what cannot be read is empty. */
  async of(build: BuildId): Promise<string> {
    return this.read(build).catch(() => '');
  }

  private async read(build: BuildId): Promise<string> {
    const attempt = await lastAttempt(this.database, build);
    if (attempt === null) return '';
    const key = `attempt-${attempt}` as const;
    const size = await this.logs.size(key);
    const start = Math.max(0, size - bytesAtMost);
    return (await readBytes(this.logs, key, { start, end: size })).toString('utf8');
  }
}
