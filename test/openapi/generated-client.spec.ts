import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { clientFiles } from './client-text.js';
import { documentOfApi } from './document-of-api.js';

const place = fileURLToPath(new URL('../../libs/client/generated', import.meta.url));

/** As prettier would have it, so that nothing else changes the files. */
async function written(): Promise<Map<string, string>> {
  const options = (await resolveConfig(join(place, 'shared.ts'))) ?? {};
  const files = new Map<string, string>();
  for (const [name, text] of clientFiles(await documentOfApi())) {
    files.set(name, await format(text, { ...options, parser: 'typescript' }));
  }
  return files;
}

async function standing(): Promise<Map<string, string>> {
  const names = await readdir(place).catch(() => []);
  const texts = names.map(
    async (name) => [name, await readFile(join(place, name), 'utf8')] as const,
  );
  return new Map(await Promise.all(texts));
}

describe('the generated client', () => {
  it('is what the OpenAPI document of the source makes of it (else: npm run client)', async () => {
    const files = await written();
    if (process.env['GAMBESON_WRITE_CLIENT'] === '1') {
      await rm(place, { recursive: true, force: true });
      await mkdir(place, { recursive: true });
      for (const [name, text] of files) await writeFile(join(place, name), text);
    }
    const found = await standing();
    const stale = [...files].filter(([name, text]) => found.get(name) !== text);
    expect({
      stale: stale.map(([name]) => name),
      left: [...found.keys()].filter((name) => !files.has(name)),
      remedy: 'npm run client',
    }).toEqual({ stale: [], left: [], remedy: 'npm run client' });
  });
});
