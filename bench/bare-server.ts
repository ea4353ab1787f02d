/**
 * The floor of HTTP: node:http that answers every request with the same 2 kB narinfo from memory.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = Buffer.alloc(Number(process.env['BODY_BYTES'] ?? 2048), 'x');
const server = createServer((_request, response) => {
  response.writeHead(200, {
    'Content-Type': 'text/x-nix-narinfo',
    'Content-Length': body.length,
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(
    `bare server listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`,
  );
});
process.on('SIGTERM', () => process.exit(0));
