/** The certificate itself in a header, as RFC 9440 has it. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { anonymous } from '#domain/access/actor.js';
import type { AdminSettings } from '#nest/settings.js';
import { daysOfCertificate, identifyByProxy } from './by-proxy.js';
import type { KnownPeople, Shown } from './people.js';
import { ProxyTrust } from './proxy-trust.js';

const settings: AdminSettings = {
  ...{ trust: 'header' as const, proxies: ['127.0.0.1'], socket: undefined },
  ...{ headers: ['Client-Cert'], peopleFile: '', url: 'http://127.0.0.1:8081' },
};
const trust = new ProxyTrust(settings);
let certificate: X509Certificate;
let asked: Shown[] = [];
const people = {
  actorOf: async (shown: Shown) => {
    asked.push(shown);
    return { ...anonymous, via: 'certificate', name: 'ada' };
  },
} as unknown as KnownPeople;

beforeAll(() => {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', '/O=Farm/CN=ada, the first', '-days', '2', '-keyout', '/dev/null'];
  const options = { stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };
  certificate = new X509Certificate(
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject], options),
  );
});
afterAll(() => void jest.useRealTimers());

function requestWith(value: string, from = '127.0.0.1', url = '/admin'): FastifyRequest {
  const raw = { url, socket: { remoteAddress: from } };
  return { headers: { 'client-cert': value }, raw } as unknown as FastifyRequest;
}

function identified(value: string, from?: string, url?: string) {
  asked = [];
  return identifyByProxy(requestWith(value, from, url), trust, people);
}

function header(): string {
  return `:${certificate.raw.toString('base64')}:`;
}

describe('a certificate in a header', () => {
  it('tells its subject as RFC 4514 has it, and both fingerprints', async () => {
    expect(await identified(header())).toMatchObject({ name: 'ada', via: 'certificate' });
    const plain = (text: string) => text.toLowerCase().replaceAll(':', '');
    expect(asked).toEqual([
      {
        subject: 'CN=ada\\, the first,O=Farm',
        fingerprints: [plain(certificate.fingerprint), plain(certificate.fingerprint256)],
      },
    ]);
  });

  it('is believed of the proxy alone, and below /admin', async () => {
    expect(await identified(header(), '127.0.0.9')).toBe(anonymous);
    expect(await identified(header(), '127.0.0.1', '/api/v1/builds')).toBe(anonymous);
    expect(await identified(header(), '127.0.0.1', '/admin/../admin')).toBe(anonymous);
    expect(asked).toEqual([]);
  });

  it('is none when it is empty, and refused when it is none', async () => {
    expect(await identified('')).toBe(anonymous);
    for (const bad of ['SUCCESS', ':AAAA:', header().slice(1), `${header()}, ${header()}`]) {
      await expect(identified(bad)).rejects.toMatchObject({ status: 400 });
    }
  });

  it('tells for how many whole days it is still good', async () => {
    const request = requestWith(header());
    await identifyByProxy(request, trust, people);
    expect(daysOfCertificate(request)).toBe(1);
    expect(daysOfCertificate(requestWith(header()))).toBeNull();
  });

  it('is refused when it has run out', async () => {
    jest.useFakeTimers({ now: certificate.validToDate.getTime(), doNotFake: ['nextTick'] });
    await expect(identified(header())).rejects.toMatchObject({ status: 403 });
  });
});
