/** Serves style sheets and client scripts: their addresses change with their content. */
import type { FastifyInstance } from 'fastify';
import { assets } from '#views/assets.js';

export function serveStatic(fastify: FastifyInstance): void {
  for (const asset of assets) {
    fastify.get(asset.address, (_request, reply) => {
      void reply
        .type(asset.type)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(asset.text);
    });
  }
}
