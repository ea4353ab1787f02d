/** Questions over real sockets: in order, whatever the server does with its connections. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askAll, type Told } from './question-lanes.js';

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  server = undefined;
});

/** `serve` is told each connection and gives what to do with each question on it. */
async function listen(
  serve: (socket: Socket) => (path: string, asked: number) => void,
): Promise<URL> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const answer = serve(socket);
    let text = '';
    let asked = 0;
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const path = text.slice(4, text.indexOf(' HTTP/1.1'));
        text = text.slice(end + 4);
        asked += 1;
        answer(path, asked);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function ok(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

const paths = Array.from({ length: 1000 }, (_, at) => `/${at}.narinfo`);

function ask(url: URL, wait = 5000): Promise<Told[]> {
  const deadline = performance.now() + wait;
  return askAll(url, paths, { connections: 8, depth: 16, timeout: 1000, deadline });
}

function bodies(told: readonly Told[]): string[] {
  return told.map((one) => (one instanceof Error ? one.message : one.body.toString()));
}

describe('many questions', () => {
  it('are answered in their order, several on their way on each connection', async () => {
    let deepest = 0;
    const url = await listen((socket) => {
      let waiting: string[] = [];
      return (path) => {
        waiting.push(path);
        deepest = Math.max(deepest, waiting.length);
        if (waiting.length > 1) return;
        setImmediate(() => {
          socket.write(waiting.map((one) => ok(one)).join(''));
          waiting = [];
        });
      };
    });
    expect(bodies(await ask(url))).toEqual(paths);
    expect(deepest).toBeGreaterThan(4);
  });

  it('outlive a server that closes after each answer, or after a few', async () => {
    for (const most of [1, 7]) {
      const url = await listen((socket) => (path, asked) => {
        if (asked < most) socket.write(ok(path));
        else if (asked === most) socket.end(ok(path, 'Connection: close\r\n'));
      });
      expect(bodies(await ask(url))).toEqual(paths);
      server?.close();
    }
  });

  it('outlive a server that cuts its connections without a word', async () => {
    const url = await listen((socket) => (path, asked) => {
      if (asked > 20) socket.destroy();
      else socket.write(ok(path));
    });
    expect(bodies(await ask(url))).toEqual(paths);
  });

  it('are read in chunks, and byte by byte', async () => {
    const url = await listen((socket) => (path) => {
      const half = path.slice(0, 2);
      const rest = path.slice(2);
      const chunks = [half, rest].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      const text = `${head}${chunks.join('')}0\r\n\r\n`;
      socket.write(text.slice(0, 30));
      socket.write(text.slice(30));
    });
    expect(bodies(await ask(url))).toEqual(paths);
  });

  it('are given up when nobody listens, when nothing comes, and when it is no HTTP', async () => {
    const silent = await listen(() => () => undefined);
    const asked = performance.now();
    expect(new Set(bodies(await ask(silent)))).toEqual(new Set(['it does not answer in time']));
    expect(performance.now() - asked).toBeLessThan(4000);
    for (const socket of sockets) socket.destroy();
    server?.close();
    expect(bodies(await ask(silent))[0]).toMatch(/ECONNREFUSED/);
    const strange = await listen((socket) => () => socket.write('220 smtp ready\r\n\r\n'));
    expect(bodies(await ask(strange))[0]).toBe('it does not speak HTTP/1.1');
  }, 15_000);

  it('end at their deadline with what was answered by then', async () => {
    const url = await listen((socket) => (path) => {
      if (Number.parseInt(path.slice(1), 10) < 900) socket.write(ok(path));
    });
    const told = bodies(await ask(url, 600));
    expect(told.slice(0, 800)).toEqual(paths.slice(0, 800));
    expect(told[999]).toBe('it answers too slowly');
  });

  it('take no answer that is too long', async () => {
    const url = await listen((socket) => () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n');
    });
    expect(bodies(await ask(url))[0]).toBe('its answer is too long');
  });
});
