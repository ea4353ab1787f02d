/** The deliveries of forges in test/fixtures/webhooks, and what a test does to them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForgeKind } from '#domain/forge/forge.js';

const place = join('test', 'fixtures', 'webhooks');

export const recordedSecrets: Readonly<Record<ForgeKind, string>> = {
  github: "It's a Secret to Everybody",
  gitlab: 'gitlab-fixture-token',
  gitea: 'gitea-fixture-secret',
  forgejo: 'forgejo-fixture-secret',
};

export interface RecordedDelivery {
  /** In small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export async function recordedDelivery(kind: ForgeKind, name: string): Promise<RecordedDelivery> {
  const bytes = await readFile(join(place, kind, `${name}.http`));
  const end = bytes.indexOf('\r\n\r\n');
  const [, ...lines] = bytes.subarray(0, end).toString('utf8').split('\r\n');
  const headers = lines.map((line) => {
    const [header = '', ...value] = line.split(': ');
    return [header.toLowerCase(), value.join(': ')] as const;
  });
  return { headers: Object.fromEntries(headers), body: bytes.subarray(end + 4) };
}

/** Names without `.http`. */
export async function recordedNames(kind: ForgeKind): Promise<string[]> {
  const files = await readdir(join(place, kind));
  return files.map((file) => file.replace(/\.http$/, '')).sort();
}
