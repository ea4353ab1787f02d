/** Which gambeson this is, as its package says. */
import { readFileSync } from 'node:fs';
import { inCheckout } from './checkout.js';

export function ownVersion(): string {
  try {
    const text = readFileSync(inCheckout('package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
