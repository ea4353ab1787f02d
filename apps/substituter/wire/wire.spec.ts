import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { plainBytes } from '../answers/answer-bytes.js';
import type { PlainHead } from './request-head.js';
import { Wire } from './wire.js';

const told = (text: string): Buffer => plainBytes('200 OK', 'no-cache', text);
let server: Server;
let wire: Wire;
/** Targets that Node's own HTTP answered. */
let passed: string[];
/** Answers that wait for a word. */
let later: Map<string, () => void>;

function answer({ target, fields }: PlainHead): Buffer | Promise<Buffer> | null {
  const text = `wire ${target}\n`;
  if (target.startsWith('/now')) {
    const bytes = told(text);
    return fields.closes ? Buffer.from(bytes.toString().replace('keep-alive', 'close')) : bytes;
  }
  if (!target.startsWith('/later')) return null;
  return new Promise((resolve) => later.set(target, () => resolve(told(text))));
}

beforeEach(async () => {
  [passed, later] = [[], new Map()];
  server = createServer((request, response) => {
    passed.push(request.url!);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => response.end(`node ${request.url}\n${Buffer.concat(pieces)}`));
  });
  wire = new Wire(server, { answer });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  wire.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const get = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;

/** Sends the pieces one by one, and gives all that comes until the server ends. */
async function exchange(...pieces: readonly (string | Promise<unknown>)[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true);
  const got: Buffer[] = [];
  socket.on('data', (bytes) => got.push(bytes));
  for (const piece of pieces) {
    if (typeof piece !== 'string') await piece;
    else await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  await once(socket, 'close');
  return Buffer.concat(got).toString('latin1');
}

const bodies = (text: string): string[] => text.match(/(wire|node) \/[^\s]*/g) ?? [];

describe('a connection of plain requests', () => {
  it('is answered in order, also a thousand at a time', async () => {
    const targets = Array.from({ length: 1000 }, (_, i) => `/now/${i}`);
    const text = await exchange(targets.map((target) => get(target)).join(''));
    expect(bodies(text)).toEqual(targets.map((target) => `wire ${target}`));
    expect(passed).toEqual([]);
  });

  it('is answered in order when answers come in another', async () => {
    const asked = exchange(
      ['/later/1', '/now/2', '/later/3', '/now/4'].map((t) => get(t)).join(''),
    );
    await until(() => later.size === 2);
    later.get('/later/3')!();
    await new Promise((resolve) => setImmediate(resolve));
    later.get('/later/1')!();
    expect(bodies(await asked)).toEqual(['1', '2', '3', '4'].map((n) => bodyOf(n)));
  });

  it('may come cut at any byte', async () => {
    const whole = get('/now/1', 'Accept: */*\r\n') + get('/now/2');
    for (let cut = 1; cut < whole.length; cut += 3) {
      const text = await exchange(whole.slice(0, cut), whole.slice(cut));
      expect(bodies(text)).toEqual(['wire /now/1', 'wire /now/2']);
    }
  });

  it('goes over to Node at the first that is not, with all that follows', async () => {
    const body = 'PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello';
    const text = await exchange(get('/now/1') + get('/node/2') + body + get('/now/4'));
    expect(bodies(text)).toEqual(['wire /now/1', 'node /node/2', 'node /put', 'node /now/4']);
    expect(text).toContain('node /put\nhello');
    expect(passed).toEqual(['/node/2', '/put', '/now/4']);
  });

  it('goes over only when all before is answered', async () => {
    const asked = exchange(get('/later/1') + get('/node/2'));
    await until(() => later.size === 1);
    expect(passed).toEqual([]);
    later.get('/later/1')!();
    expect(bodies(await asked)).toEqual(['wire /later/1', 'node /node/2']);
  });

  it('ends when the client says that it closes', async () => {
    const text = await exchange(get('/now/1', 'Connection: close\r\n') + get('/now/2'));
    expect(bodies(text)).toEqual(['wire /now/1']);
    expect(text).toContain('Connection: close');
  });

  it('is answered and ended when the server stops', async () => {
    const asked = exchange(get('/later/1'));
    await until(() => later.size === 1);
    wire.stop();
    later.get('/later/1')!();
    expect(bodies(await asked)).toEqual(['wire /later/1']);
  });

  it('that goes away while it waits harms nobody', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(get('/later/1'));
    await until(() => later.size === 1);
    socket.destroy();
    await once(socket, 'close');
    later.get('/later/1')!();
    expect(bodies(await exchange(get('/now/2')))).toEqual(['wire /now/2']);
  });

  it('takes no more than its client takes', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const targets = Array.from({ length: 20_000 }, (_, i) => `/now/${i}/${'x'.repeat(500)}`);
    socket.write(targets.map((target) => get(target)).join(''));
    let size = 0;
    let text = '';
    await once(socket, 'readable');
    socket.on('data', (bytes: Buffer) => {
      size += bytes.length;
      text = (text + bytes.toString('latin1')).slice(-5000);
    });
    await until(() => text.includes('wire /now/19999/'));
    expect(size).toBeGreaterThan(20_000 * 500);
    socket.destroy();
  });
});

describe('a request that is not plain', () => {
  const strange = [
    'GET /now/1 HTTP/1.0\r\nHost: h\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET  /now/1 HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET http://h/now/1 HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET /now/1 HTTP/1.1\nHost: h\n\n',
    'GET /now/1 HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\nHost : h\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\nHost: h\r\nX: \x00\r\n\r\n',
    'GET /now/1\x01 HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
    'GET /now/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET /now/1 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n',
    `GET /now/1 HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`,
    'get /now/1 HTTP/1.1\r\nHost: h\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n',
    '\r\nGET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
  ];

  it('is never answered by anybody but Node', async () => {
    for (const request of strange) {
      const text = await exchange(request);
      expect([request, bodies(text).filter((body) => body.startsWith('wire'))]).toEqual([
        request,
        [],
      ]);
      expect([request, text]).toEqual([
        request,
        expect.stringMatching(/^HTTP\/1\.1 (200|400|431|505)/),
      ]);
    }
  });
});

function bodyOf(number: string): string {
  return `wire /${Number(number) % 2 === 1 ? 'later' : 'now'}/${number}`;
}

async function until(condition: () => boolean): Promise<void> {
  for (const start = Date.now(); !condition();) {
    if (Date.now() - start > 5000) throw new Error('it did not come to be');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
