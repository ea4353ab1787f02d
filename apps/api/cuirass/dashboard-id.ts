/**
 * The id of a dashboard holds what it shows: a specification and names of jobs, packed. So
 * registering one writes nothing, the same choice has the same id everywhere, and an id is good for
 * as long as its specification is.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface Dashboard {
  readonly specification: string;
  readonly names: readonly string[];
}

/** Unpacked; as much as an address can hold, and then some. */
const bytesAtMost = 64 * 1024;

export function dashboardId({ specification, names }: Dashboard): string {
  const text = JSON.stringify([specification, ...names]);
  return deflateRawSync(Buffer.from(text), { level: 9 }).toString('base64url');
}

/** Null for what is no id of ours. */
export function parseDashboardId(id: string): Dashboard | null {
  if (!/^[A-Za-z0-9_-]{1,16384}$/.test(id)) return null;
  try {
    const packed = Buffer.from(id, 'base64url');
    const text = inflateRawSync(packed, { maxOutputLength: bytesAtMost }).toString();
    const parts: unknown = JSON.parse(text);
    if (!isTexts(parts)) return null;
    const [specification = '', ...names] = parts;
    return specification === '' ? null : { specification, names };
  } catch {
    return null;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
