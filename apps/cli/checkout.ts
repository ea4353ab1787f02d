/** Where the program's own files lie: this file runs from dist/apps/cli, or as source. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

// Built, the program lies one directory deeper than its source; dist/ has no package.json.
const built = join(import.meta.dirname, '..', '..', '..');
const source = join(import.meta.dirname, '..', '..');
const checkout = existsSync(join(source, 'package.json')) ? source : built;

export function inCheckout(path: string): string {
  return join(checkout, path);
}
