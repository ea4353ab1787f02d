/** Lets the api's HTTP server upgrade workers to their conversation. Call it before listening. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Gateway } from './gateway.js';
import { connectPath, refuseUpgrade } from './upgrade.js';

export function attachGateway(app: NestFastifyApplication): void {
  const gateway = app.get(Gateway, { strict: false });
  const server = app.getHttpServer() as Server;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split('?')[0] !== connectPath) return refuseUpgrade(socket, 'not-found');
    void gateway.upgrade(request, socket, head);
  });
}
