/** A proxy that sends on, as those do that have everybody come by https. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listWorkers } from '#client/generated/workers.js';
import { createSpecification } from '#client/generated/specifications.js';
import { farmApiOf } from './farm-api.js';

let server: Server;
let port = 0;
let location = '';
let seen: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    if (request.url?.startsWith('/api/')) {
      response.writeHead(308, { location }).end();
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end('{"items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());
beforeEach(() => void (seen = []));

const farm = () => farmApiOf(`http://127.0.0.1:${port}`, async () => 'secret');

describe('a farm that sends on', () => {
  it('is followed on its own host, with the token', async () => {
    location = `http://127.0.0.1:${port}/farm/workers`;
    expect(await listWorkers(farm().client)).toEqual({ items: [] });
    expect(seen.at(-1)).toBe('GET /farm/workers Bearer secret');
  });

  it.each([
    ['another host', 'http://localhost:PORT/farm'],
    ['another port', 'http://127.0.0.1:1/farm'],
    ['itself without end', '/api/v1/workers'],
  ])('to %s is not followed there, and says so', async (_where, to) => {
    location = to.replace('PORT', String(port));
    const refused = listWorkers(farm().client);
    await expect(refused).rejects.toThrow(/sends on (to http:|without end)/);
    expect(seen.every((line) => line.startsWith('GET /api/'))).toBe(true);
  });

  it('is sent no change a second time, and names the address to give', async () => {
    location = 'https://127.0.0.1/api/v1/specifications';
    const change = createSpecification(farm().client, { body: {} as never });
    await expect(change).rejects.toThrow('give --farm https://127.0.0.1');
    expect(seen.length).toBe(1);
  });
});
