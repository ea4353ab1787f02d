/**
 * Access tokens as their holders have them: `gbt_` (so that scanners of sources know them) and 256
 * random bits. What the farm keeps is their SHA-256.
 */
import { randomSecret } from './secret.js';

const form = /^gbt_[A-Za-z0-9_-]{43}$/;

export function newAccessToken(): string {
  return `gbt_${randomSecret()}`;
}

/** Whether it can be one at all: anything else need not be asked for. */
export function isAccessToken(text: string): boolean {
  return form.test(text);
}
