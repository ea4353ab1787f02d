/** A small real nar of one output, with its references in it, and its way to the substituter. */
import { Agent, request, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import type { BuildMessage, ReportedOutput } from '#protocol/worker.js';
import { stubbornly } from './stubbornly.js';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface MadeOutput {
  readonly told: ReportedOutput;
  readonly nar: Uint8Array;
}

/** `references` are base names; each stands in the bytes, as in a real output. */
export function makeOutput(
  build: BuildMessage,
  output: { readonly name: string; readonly path: string },
  references: readonly string[],
): MadeOutput {
  const { path, name } = output;
  const lines = references.map((reference) => `${build.store.dir}/${reference}\n`).join('');
  const contents = Buffer.from(`made of ${build.derivation}\n${lines}${path.repeat(8)}\n`);
  const file = { type: 'regular', executable: false, contents } as const;
  const nar = encodeNar({
    type: 'directory',
    entries: [{ name: Buffer.from('story'), node: file }],
  });
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  const told = { name, path, narHash, narSize: nar.length, references: [...references] };
  return { told, nar };
}

/** `address` is that of the store at a substituter. */
export async function putNar(
  address: string,
  made: MadeOutput,
  uploadToken: string,
): Promise<void> {
  const url = `${address}/uploads/${encodeURIComponent(made.told.path)}`;
  const body = zstdCompressSync(made.nar);
  const headers = {
    'content-type': 'application/zstd',
    'content-length': body.length,
    authorization: `Bearer ${uploadToken}`,
    'x-nar-hash': made.told.narHash,
  };
  const { status, said } = await stubbornly(() => send(url, body, headers));
  if (status !== 201 && status !== 200) {
    throw new Error(`upload of ${made.told.path}: ${status} ${said}`);
  }
}

interface Answered {
  readonly status: number;
  readonly said: string;
}

function send(url: string, body: Uint8Array, headers: OutgoingHttpHeaders): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const put = request(url, { method: 'PUT', agent, headers });
    put.on('error', reject);
    put.on('response', (response) => {
      const { statusCode = 0 } = response;
      text(response).then((said) => resolve({ status: statusCode, said }), reject);
    });
    put.end(body);
  });
}

export function closeUploads(): void {
  agent.destroy();
}
