/** Outputs of a build as a client of the substituter gets them: narinfo first, then the nar. */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { formatHash, sha256 } from '#formats/hash.js';
import { parseNarinfo } from '#formats/narinfo.js';
import type { BuildAnswer } from '#protocol/api/build.js';

const decompress = promisify(zstdDecompress);

export interface ReadOutput {
  readonly path: string;
  /** The nar has the hash that its narinfo tells, and so does the API. */
  readonly whole: boolean;
}

export function readBack(build: BuildAnswer, substituter: string): Promise<ReadOutput[]> {
  const base = `${substituter}/${build.store.slug}`;
  return Promise.all(
    build.outputs.map(async (output) => {
      const path = output.path ?? '';
      const hashPart = path.slice(build.store.dir.length + 1).slice(0, 32);
      const info = parseNarinfo(await textOf(`${base}/${hashPart}.narinfo`));
      if (!info.ok) return { path, whole: false };
      const { narHash, encodings } = info.value;
      const packed = await fetch(`${base}/${encodings[0]!.url}`);
      const digest = sha256(await decompress(await packed.bytes()));
      const actual = formatHash({ algorithm: 'sha256', digest });
      return { path, whole: actual === narHash && actual === output.narHash && output.offered };
    }),
  );
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`GET ${url}: ${answer.status}`);
  return answer.text();
}
