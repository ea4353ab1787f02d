/** What a page weighs: its HTML, and the scripts and sheets that it names or they import. */
import { gzipSync } from 'node:zlib';

const kibibyte = 1024;

export interface Weight {
  readonly htmlKiB: number;
  readonly scriptsAndSheetsKiB: number;
}

/** KiB, gzipped. */
export async function weigh(address: string): Promise<Weight> {
  const html = await textOf(address);
  const named = [
    ...html.matchAll(/<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)"/g),
  ];
  const waiting = named.map(([, path]) => new URL(path!, address).href);
  const seen = new Map<string, number>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    const text = await textOf(next);
    seen.set(next, gzipSync(text).length);
    for (const [, path] of text.matchAll(/(?:from |import |URL\()['"](\.\/[a-z-]+\.js)['"]/g)) {
      waiting.push(new URL(path!, next).href);
    }
  }
  const bytes = [...seen.values()].reduce((sum, size) => sum + size, 0);
  return {
    htmlKiB: gzipSync(html).length / kibibyte,
    scriptsAndSheetsKiB: bytes / kibibyte,
  };
}

async function textOf(address: string): Promise<string> {
  const answer = await fetch(address);
  return answer.text();
}
