/**
 * What a log may keep of what somebody sent: values of secret names and passwords in addresses are
 * hidden, and what is too large is told by its size. Never throws, whatever it is given.
 */
import { withoutPassword } from '../specification/password.js';
import type { Json } from './audit-chain.js';

const secretName = /pass(word|phrase)|secret|token|private|authori[sz]ation|credential$|_csrf/i;
const hidden = '***';
const deepest = 12;
/** Characters of JSON that an entry keeps of each value. */
const longest = 512 * 1024;

export function masked(value: unknown): Json {
  const clean = maskedAt(value, 0);
  const size = JSON.stringify(clean).length;
  return size > longest ? { omitted: `${size} characters` } : clean;
}

function maskedAt(value: unknown, depth: number): Json {
  if (value === null || value === undefined || depth > deepest) return null;
  if (typeof value === 'string') return withoutPassword(storable(value));
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map((one) => maskedAt(one, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== 'object') return null;
  const pairs = Object.entries(value).map(([name, one]): [string, Json] => [
    storable(name),
    secretName.test(name) && isSecret(one) ? hidden : maskedAt(one, depth + 1),
  ]);
  return Object.fromEntries(pairs);
}

/** Whether there is a token, and such, is no secret. */
function isSecret(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Postgres keeps neither a NUL nor half of a surrogate pair. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
