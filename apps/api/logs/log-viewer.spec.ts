import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Database } from '#adapters/postgres/database.js';
import type { Bus } from '#application/ports/bus.js';
import { EventStreams } from '../events/event-streams.js';
import { LogViewer } from './log-viewer.js';

let server: Server;
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** The response to somebody who asked and left before they were answered. */
async function leftResponse(): Promise<ServerResponse> {
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  request.on('error', () => undefined);
  const [, response] = await asked;
  const closed = once(response, 'close');
  request.destroy();
  await closed;
  return response;
}

describe('whoever leaves while their request is looked into', () => {
  it('is no viewer of a log for ever', async () => {
    const viewer = new LogViewer(await leftResponse(), 'text', 0);
    await viewer.gone;
    expect(viewer.closed).toBe(true);
  });

  it('holds no stream of events', async () => {
    const streams = new EventStreams({} as Bus, {} as Database);
    streams.add(await leftResponse(), { topics: ['farm'], last: undefined });
    expect(streams.size).toBe(0);
  });
});
