/**
 * The floor of HTTP: node:http that answers every request with the same 2 kB narinfo from memory,
 * or, when it is given a file, with that file through a pipe.
 */
import { createReadStream } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const size = Number(process.env['BODY_BYTES'] ?? 2048);
const file = process.env['FILE'];
const body = file === undefined ? Buffer.alloc(size, 'x') : null;
const server = createServer((_request, response) => {
  response.writeHead(200, {
    'Content-Type': body ? 'text/x-nix-narinfo' : 'application/x-nix-nar',
    'Content-Length': size,
  });
  if (body) response.end(body);
  else pipe(file!, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(
    `bare server listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`,
  );
});
process.on('SIGTERM', () => process.exit(0));

/** Pieces of 1 MiB are Node's fastest; the default of 64 KiB would be a lower floor. */
function pipe(path: string, response: ServerResponse): void {
  createReadStream(path, { highWaterMark: 1024 * 1024 }).pipe(response);
}
