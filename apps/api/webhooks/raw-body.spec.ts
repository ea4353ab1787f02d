import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { eventually } from '#testkit/eventually.js';
import { deliveryBytesAtMost, readForgeBodies } from './raw-body.js';

let fastify: FastifyInstance;
let port: number;
let begun: number;
let ended: number;

beforeEach(async () => {
  fastify = Fastify({ forceCloseConnections: true });
  [begun, ended] = [0, 0];
  fastify.addHook('onRequest', async (_request, reply) => {
    begun += 1;
    reply.raw.once('close', () => (ended += 1));
  });
  readForgeBodies(fastify);
  fastify.post('/webhooks/x', async ({ body }) => ({
    bytes: Buffer.isBuffer(body) ? body.toString('hex') : null,
  }));
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  port = (fastify.server.address() as AddressInfo).port;
});
afterEach(() => fastify.close());

function request(headers: http.OutgoingHttpHeaders): http.ClientRequest {
  const asked = http.request({ port, method: 'POST', path: '/webhooks/x', headers });
  asked.on('error', () => undefined);
  return asked;
}

async function answerTo(asked: http.ClientRequest): Promise<[number, string]> {
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return [answer.statusCode ?? 0, text];
}

const signed = { 'x-gitlab-token': 'x' };

describe('what a forge sends', () => {
  it('comes as the bytes that they are, whatever is said of them', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    for (const type of ['application/json', 'text/plain; charset=utf-16', 'nonsense']) {
      const asked = request({ ...signed, 'content-type': type });
      asked.end(bytes);
      expect(await answerTo(asked)).toEqual([200, JSON.stringify({ bytes: 'ff007b' })]);
    }
  });

  it('is not read at all without any signature', async () => {
    const asked = request({ 'content-length': 1000 });
    asked.flushHeaders();
    const [status, text] = await answerTo(asked);
    expect([status, JSON.parse(text).type]).toEqual([403, 'urn:gambeson:problem:unsigned']);
    asked.destroy();
  });

  it('is held up to a bound by all who send at once, and no longer than they do', async () => {
    const slow = Array.from({ length: 4 }, () => {
      const asked = request({ ...signed, 'content-length': deliveryBytesAtMost });
      asked.write('{');
      return asked;
    });
    await eventually('all to have begun', () => begun === 4);
    const late = request(signed);
    late.end('{}');
    expect((await answerTo(late))[0]).toBe(503);
    for (const asked of slow) asked.destroy();
    await eventually('all to be gone', () => ended === 5);
    const next = request(signed);
    next.end('{}');
    expect((await answerTo(next))[0]).toBe(200);
  });
});
