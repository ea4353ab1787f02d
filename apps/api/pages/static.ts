/**
 * Serves style sheets and client scripts, whose addresses change with their content, and packs them
 * and the pages for whoever takes gzip. What is below /admin goes unpacked: the length of packed
 * bytes would tell of the secrets among them (BREACH).
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { promisify } from 'node:util';
import { constants, gzip, gzipSync } from 'node:zlib';
import { takesGzip } from '#nest/accepted.js';
import { assets } from '#views/assets.js';

const packed = promisify(gzip);
/** Of pages: most of what can be won, for a tenth of the time that all would take. */
const pageLevel = 4;
/** Smaller ones travel in one segment anyhow. */
const packedFromCharacters = 1400;

export function serveStatic(fastify: FastifyInstance): void {
  packPages(fastify);
  for (const { address, type, text } of assets) {
    const plain = Buffer.from(text);
    const small = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
    fastify.get(address, (request, reply) => {
      void reply.type(type).header('cache-control', 'public, max-age=31536000, immutable');
      void reply.send(
        takesGzip(request.headers['accept-encoding']) ? pack(reply, small) : unpacked(reply, plain),
      );
    });
  }
}

function packPages(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply, payload) => {
    const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
    if (typeof payload !== 'string' || !isPage || /^\/admin/i.test(request.url)) return payload;
    const packs = takesGzip(request.headers['accept-encoding']);
    if (payload.length < packedFromCharacters || !packs) return unpacked(reply, payload);
    const bytes = await packed(payload, { level: pageLevel });
    void reply.removeHeader('content-length');
    return pack(reply, bytes);
  });
}

function pack(reply: FastifyReply, bytes: Buffer): Buffer {
  void reply.header('content-encoding', 'gzip');
  return unpacked(reply, bytes);
}

/** An answer may depend on more than this: what was said of it before stays. */
function unpacked<T>(reply: FastifyReply, payload: T): T {
  const others = reply.getHeader('vary');
  const all = typeof others === 'string' ? `${others}, Accept-Encoding` : 'Accept-Encoding';
  void reply.header('vary', all);
  return payload;
}
