/** Where the program's own files lie: this file runs from dist/apps/cli. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

export function inCheckout(path: string): string {
  return join(checkout, path);
}
