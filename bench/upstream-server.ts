/**
 * A substitute server of somebody else, as a process of its own: it has every second path, signs
 * each narinfo when it is asked for, and answers as late as a distant one would.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeNix32 } from '#formats/base32.js';
import { sha256 } from '#formats/hash.js';
import { printNixNarinfo } from '#formats/narinfo.js';
import { parseNixSecretKey, signNix } from '#formats/nix-signature.js';

const key = parseNixSecretKey(process.env['UPSTREAM_KEY'] ?? '');
if (!key.ok) throw new Error('UPSTREAM_KEY is no key');
const secret = key.value;
const delay = Number(process.env['UPSTREAM_DELAY'] ?? '0');
const share = Number(process.env['UPSTREAM_SHARE'] ?? '0.5');
const narHash = `sha256:${encodeNix32(sha256(Buffer.from('nar')))}`;
const known = new Map<string, Buffer>();

function narinfoOf(hashPart: string): Buffer {
  const before = known.get(hashPart);
  if (before) return before;
  const told = {
    storePath: `/nix/store/${hashPart}-package-1.0`,
    ...{ narHash, narSize: 120, references: [] },
  };
  const text = printNixNarinfo({
    ...told,
    encodings: [{ url: `nar/${hashPart}.nar.xz`, compression: 'xz' }],
    signatures: [signNix(secret, told)],
  });
  const bytes = Buffer.from(text);
  known.set(hashPart, bytes);
  return bytes;
}

const server = createServer((request, response) => {
  const hashPart = (request.url ?? '').slice(1, 33);
  const has = (Number(hashPart) % 1000) / 1000 < share;
  const answer = (): void => {
    const body = has ? narinfoOf(hashPart) : Buffer.from('none');
    response.writeHead(has ? 200 : 404, { 'content-length': body.length });
    response.end(body);
  };
  if (delay > 0) setTimeout(answer, delay);
  else answer();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`upstream listening on http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
