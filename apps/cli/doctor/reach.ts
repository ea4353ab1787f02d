/** From an address to an encrypted connection: name, connection, certificate. */
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { sentenceOf } from '#std/farm-fault.js';
import { BrokenLink, type LinkWork } from './links.js';

/** Milliseconds that each step may take. */
const patience = 15_000;
const dayMillis = 86_400_000;

export function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new BrokenLink(`${text} is not an address of HTTP, such as https://farm.example.org`);
  }
  return url;
}

/** Of IPv6 without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

export function resolveName(url: URL): LinkWork {
  return async () => {
    const host = hostOf(url);
    if (isIP(host) > 0) return { skipped: `${host} is an address already` };
    const found = await lookup(host, { all: true }).catch((error: unknown) => {
      throw new BrokenLink(`${host} is no name that DNS knows: ${sentenceOf(error)}`);
    });
    return `${host} is ${found.map(({ address }) => address).join(', ')}`;
  };
}

export function openConnection(url: URL): LinkWork {
  return async () => {
    const [host, port] = [hostOf(url), portOf(url)];
    const socket = connectPlain({ host, port });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(patience) });
      return `${socket.remoteAddress} answers at port ${port}`;
    } catch (error) {
      throw new BrokenLink(`nothing answers at ${host} port ${port}: ${reasonOf(error)}`);
    } finally {
      socket.destroy();
    }
  };
}

export function checkCertificate(url: URL): LinkWork {
  return async () => {
    if (url.protocol === 'http:') return { skipped: 'plain HTTP: the signature alone protects' };
    const host = hostOf(url);
    const named = isIP(host) > 0 ? {} : { servername: host };
    const socket = connectSecurely({
      host,
      port: portOf(url),
      ...named,
      rejectUnauthorized: false,
    });
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(patience) });
      const { valid_to: until, issuer } = socket.getPeerCertificate();
      if (!socket.authorized) {
        const reason = sentenceOf(socket.authorizationError);
        throw new BrokenLink(`the certificate of ${host} is not to be trusted: ${reason}`);
      }
      const days = Math.floor((Date.parse(until) - Date.now()) / dayMillis);
      return `${socket.getProtocol()}, by ${issuer.O ?? issuer.CN}, for ${days} more days`;
    } catch (error) {
      if (error instanceof BrokenLink) throw error;
      throw new BrokenLink(`no encrypted connection with ${host}: ${reasonOf(error)}`);
    } finally {
      socket.destroy();
    }
  };
}

function reasonOf(error: unknown): string {
  const late = error instanceof Error && error.name === 'AbortError';
  return late ? `no answer in ${patience / 1000} seconds` : sentenceOf(error);
}
