/** Which gambeson this is, as its package says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function ownVersion(): string {
  // Built, the program lies one directory deeper than its source.
  for (const up of ['../../..', '../..']) {
    try {
      const text = readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: then one further down.
    }
  }
  return 'unknown';
}
