/** How rows become answers of the REST API: ids as strings, times as ISO 8601. */
import type { BuildSummary } from '#protocol/api/build.js';

export function iso(time: Date): string;
export function iso(time: Date | null): string | null;
export function iso(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}

/** A pattern for LIKE that finds `part` anywhere, taking no character of it for a wildcard. */
export function anywhere(part: string): string {
  return `%${literally(part)}%`;
}

/** A text as a part of a pattern for LIKE, taking no character of it for a wildcard. */
export function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}

export interface SummaryRow extends Record<string, unknown> {
  id: number;
  name: string;
  system: string;
  status: BuildSummary['status'];
  reason: string | null;
  scheduled_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
}

/** The columns of a SummaryRow, from builds `b` and derivations `d`. */
export const summaryColumns =
  'b.id, d.name, d.system, b.status, b.reason, b.scheduled_at, b.started_at, b.ended_at';

export function summaryOf(row: SummaryRow): BuildSummary {
  return {
    id: String(row.id),
    name: row.name,
    system: row.system,
    status: row.status,
    reason: row.reason,
    scheduledAt: iso(row.scheduled_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  };
}
