/** Who sends a request to /admin, as a trusted proxy tells it. */
import { X509Certificate } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { anonymous, type Actor } from '#domain/access/actor.js';
import { adminPathOf } from '#domain/access/admin-path.js';
import { ProblemException } from '#nest/problem.js';
import { warnSeldom } from './seldom.js';
import { fingerprintForm, plainFingerprint, type KnownPeople, type Shown } from './people.js';
import type { IdentityHeaders, ProxyTrust } from './proxy-trust.js';

/** Days until the certificate of a request runs out, where the proxy or the certificate tells. */
const lifetimes = new WeakMap<object, number>();

export function daysOfCertificate(request: FastifyRequest): number | null {
  return lifetimes.get(request) ?? null;
}

const letInByProxy: Actor = {
  ...{ name: 'admin', via: 'proxy', role: 'admin' },
  ...{ specifications: 'all', token: null, fingerprint: null },
};

/** Anonymous where no proxy is to be believed. Throws what is answered to a bad certificate. */
export async function identifyByProxy(
  request: FastifyRequest,
  trust: ProxyTrust,
  people: KnownPeople,
): Promise<Actor> {
  if (trust.mode === 'none' || trust.peerOf(request) === 'stranger') return anonymous;
  if (adminPathOf(request.raw.url ?? '') !== 'admin') return anonymous;
  if (!trust.isAskedAsOurs(request)) throw foreignHost(request);
  if (trust.mode === 'proxy') return letInByProxy;
  const told = toldBy(request, trust.headers);
  if (told === null) {
    warnSeldom(
      'no certificate',
      'a proxy of /admin told of no certificate: does it send the headers?',
    );
    return anonymous;
  }
  if (told.days !== null) lifetimes.set(request, told.days);
  const actor = await people.actorOf(told.shown);
  if (actor !== null) return actor;
  throw refused('Your certificate is good, and nobody has said what you may do here.');
}

interface Told {
  readonly shown: Shown;
  /** Until it runs out; null where that is not told. */
  readonly days: number | null;
}

/** Null when no certificate was shown. */
function toldBy({ headers }: FastifyRequest, names: IdentityHeaders): Told | null {
  const value = (name: string): string => String(headers[name] ?? '');
  if (names.kind === 'certificate') return shownCertificate(value(names.certificate));
  const verify = value(names.verify);
  if (verify === '' || verify === 'NONE') return null;
  if (verify !== 'SUCCESS') throw refused('The certificate is not good.');
  const fingerprint = plainFingerprint(value(names.fingerprint));
  const subject = value(names.subject);
  if (subject === '' || !fingerprintForm.test(fingerprint)) {
    throw malformed(
      `The proxy tells neither ${names.subject} nor ${names.fingerprint} as it should.`,
    );
  }
  // As nginx tells in `$ssl_client_v_remain`.
  const remain = value('x-ssl-client-v-remain');
  const days = /^\d{1,6}$/.test(remain) ? Number(remain) : null;
  return { shown: { subject, fingerprints: [fingerprint] }, days };
}

const dayMilliseconds = 24 * 3600 * 1000;

/** RFC 9440: the DER in base64 between colons. */
function certificateIn(value: string): X509Certificate | null {
  const inner = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1];
  return inner === undefined ? null : parsed(Buffer.from(inner, 'base64'));
}

function shownCertificate(value: string): Told | null {
  if (value === '') return null;
  const certificate = certificateIn(value);
  if (certificate === null) throw malformed('What stands for a certificate is none.');
  const now = Date.now();
  const [from, to] = [certificate.validFromDate, certificate.validToDate];
  if (now < from.getTime() || now >= to.getTime()) throw refused('The certificate has run out.');
  const subject = certificate.subject.split('\n').reverse().join(',');
  const fingerprints = [certificate.fingerprint, certificate.fingerprint256];
  const days = Math.floor((to.getTime() - now) / dayMilliseconds);
  return { shown: { subject, fingerprints: fingerprints.map(plainFingerprint) }, days };
}

function parsed(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

function foreignHost({ headers }: FastifyRequest): ProblemException {
  const detail =
    `${headers.host ?? 'No name'} is not where people reach /admin (GAMBESON_URL, or ` +
    'GAMBESON_ADMIN_URL): have its proxy pass the Host that it was asked for.';
  return new ProblemException({ status: 403, kind: 'foreign-host', detail });
}

function refused(detail: string): ProblemException {
  return new ProblemException({ status: 403, kind: 'certificate-refused', detail });
}

function malformed(detail: string): ProblemException {
  return new ProblemException({ status: 400, kind: 'malformed-identity', detail });
}
