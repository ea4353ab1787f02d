import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { guardedRequest, type Answered, type Outgoing } from './guarded-request.js';
import { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { secondsUntil, secretsIn, signatures } from './webhook-courier.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(url: string, more: Partial<Outgoing> = {}, timeoutSeconds = 5): Promise<Answered> {
  const addresses = new ReachableAddresses(['127.0.0.1']);
  const guard = { addresses, timeoutSeconds, cancellation: never };
  return guardedRequest(guard, { method: 'POST', url, headers: {}, ...more });
}

describe('an address inside a private network', () => {
  const addresses = new ReachableAddresses(['10.1.0.0/16', '127.0.0.1', 'fd00::/8']);

  it('is refused in all its clothes, unless the farm allows it', () => {
    for (const address of [
      ...['127.0.0.2', '10.2.0.1', '172.31.0.1', '192.168.1.1', '169.254.169.254', '0.0.0.0'],
      ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fc00::1'],
      ...['::ffff:192.168.0.1', '64:ff9b::a00:1', '2002:a00:1::', 'ff02::1', 'fe80::1%eth0', 'x'],
    ]) {
      expect([address, addresses.permits(address)]).toEqual([address, false]);
    }
    for (const address of [
      ...['1.1.1.1', '172.32.0.1', '2606:4700::1111', '10.1.2.3', '127.0.0.1', 'fd12::1'],
      '::ffff:10.1.0.9',
    ]) {
      expect([address, addresses.permits(address)]).toEqual([address, true]);
    }
  });

  it('is refused behind a name, and in the spellings that a URL permits', async () => {
    const nobody = new ReachableAddresses([]);
    for (const host of ['localhost', '127.1', '2130706433', '[::1]', '0x7f.1']) {
      const { hostname } = new URL(`http://${host}/`);
      await expect(nobody.resolve(hostname)).rejects.toThrow(/inside a private network/);
    }
    expect(() => new ReachableAddresses(['10.0.0.0/64'])).toThrow(/neither an address nor/);
  });
});

describe('a request to a receiver', () => {
  it('carries its body to the address that was looked up, under its own name', async () => {
    let seen: unknown;
    const url = await serve((request, response) => {
      seen = [request.method, request.url, request.headers.host, request.headers['x-of']];
      request.pipe(response);
    });
    const answer = await ask(`${url}/a?b=c`, { body: 'ä', headers: { 'x-of': 'us' } });
    expect(answer).toMatchObject({ status: 200, text: 'ä' });
    expect(seen).toEqual(['POST', '/a?b=c', new URL(url).host, 'us']);
  });

  it('follows no redirect and reads no endless answer', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/moved') return void response.writeHead(302, { location: '/x' }).end();
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    expect((await ask(`${url}/moved`)).status).toBe(302);
    expect((await ask(`${url}/endless`)).text).toHaveLength(2048);
  });

  it('ends in time, at whatever point the receiver stops', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/head') response.write('a');
    });
    for (const path of ['/silent', '/head']) {
      await expect(ask(`${url}${path}`, {}, 0.05)).rejects.toThrow(/no answer within 0.05 seconds/);
    }
  });
});

describe('a signature of Standard Webhooks', () => {
  const webhook = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };

  it('is over id, time and body, one for each secret', () => {
    const text = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n';
    const secrets = secretsIn('hook', text);
    const [one, two] = signatures(webhook, 1_614_265_330, secrets).split(' ');
    // The example of the reference libraries.
    expect(one).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    expect(two).not.toBe(one);
  });

  it('is never made with what is no secret, nor is that told', () => {
    for (const text of ['hunter2', 'whsec_', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw hunter2']) {
      expect(() => secretsIn('hook', text)).toThrow(/^the credential hook holds something/);
    }
  });
});

describe('how long a receiver wants to be left alone', () => {
  it('is read as seconds or as a date', () => {
    const now = Date.parse('2026-11-21T00:00:00Z');
    expect(secondsUntil('120', now)).toBe(120);
    expect(secondsUntil('Sat, 21 Nov 2026 00:01:00 GMT', now)).toBe(60);
    expect(secondsUntil('Fri, 20 Nov 2026 00:01:00 GMT', now)).toBe(0);
    expect(secondsUntil('soon', now)).toBeUndefined();
  });
});
