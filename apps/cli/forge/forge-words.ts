/** How the commands of `gambeson forge` reach the farm and print what it answers. */
import type { FarmOptions } from '../farm-connection.js';

export function addressOf(name?: string): string {
  return name === undefined ? '/api/v1/forges' : `/api/v1/forges/${encodeURIComponent(name)}`;
}

export function tell(options: FarmOptions, answer: unknown, words: () => readonly string[]): void {
  const text = options.json ? JSON.stringify(answer, null, 2) : words().join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
}
