/**
 * Whom the farm believes who somebody is: the proxies that the operator has named, in the way that
 * the operator has chosen, for addresses below /admin. All others who bring such headers are
 * refused, whatever they ask for.
 */
import type { FastifyRequest } from 'fastify';
import { isIP, type Socket } from 'node:net';
import type { AdminPath } from '#domain/access/admin-path.js';
import type { AdminSettings } from '#nest/settings.js';
import { AllowList } from '../security/allow-list.js';
import { isLoopback } from '../security/loopback.js';

/** Nginx's words for it, or the certificate itself as RFC 9440 has it. */
export type IdentityHeaders =
  | {
      readonly kind: 'told';
      readonly verify: string;
      readonly subject: string;
      readonly fingerprint: string;
      readonly serial: string;
    }
  | { readonly kind: 'certificate'; readonly certificate: string };

/** Connections that came by the socket of /admin. */
const byAdminSocket = new WeakSet<object>();

export function markAdminSocket(socket: Socket): void {
  byAdminSocket.add(socket);
}

export type Peer = 'socket' | 'network' | 'stranger';

export class ProxyTrust {
  readonly mode: AdminSettings['trust'];
  readonly headers: IdentityHeaders;
  private readonly networks: AllowList;
  /** Where people reach /admin; null while that is this machine alone, as nobody has said. */
  readonly publicAddress: URL | null;
  private readonly guarded: ReadonlySet<string>;

  /** Throws an Error with one sentence when the settings do not go together. */
  constructor({ url, trust, proxies, socket, headers }: AdminSettings) {
    const address = new URL(url);
    this.publicAddress = isLoopback(address.hostname.replace(/^\[|\]$/g, '')) ? null : address;
    this.mode = trust;
    this.headers = identityHeaders(headers);
    this.networks = new AllowList(proxies, 'GAMBESON_TRUSTED_PROXIES');
    this.guarded = new Set([...alwaysGuarded, ...headers.map(normal)]);
    const named = proxies.length > 0 || socket !== undefined;
    if (trust !== 'none' && !named) {
      throw new Error(
        `GAMBESON_ADMIN_TRUST=${trust} needs GAMBESON_TRUSTED_PROXIES or GAMBESON_ADMIN_SOCKET`,
      );
    }
    if (trust === 'none' && socket !== undefined) {
      throw new Error('GAMBESON_ADMIN_SOCKET serves nothing while GAMBESON_ADMIN_TRUST is none');
    }
  }

  peerOf({ raw }: FastifyRequest): Peer {
    if (byAdminSocket.has(raw.socket)) return 'socket';
    return this.networks.includes(raw.socket.remoteAddress ?? '') ? 'network' : 'stranger';
  }

  /**
   * Whether the name that a request asks for is the farm's, or none that a stranger could have
   * pointed here: a page of his that runs in the browser of a trusted machine asks by his own.
   */
  isAskedAsOurs({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
    if (this.publicAddress === null) return true;
    const host = headers.host ?? '';
    if (!URL.canParse(`http://${host}`)) return false;
    const name = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
    return name === this.publicAddress.hostname || isIP(name) !== 0 || !/\.[^.]/.test(name);
  }

  /** What is wrong with the identity that a request brings; null when it brings none, or may. */
  faultOf(request: FastifyRequest, path: AdminPath): { status: 400 | 403; detail: string } | null {
    const brought = rawNames(request).filter((name) => this.isGuarded(normal(name)));
    if (brought.length === 0) return null;
    const peer = this.peerOf(request);
    const here = peer === 'socket' || (peer === 'network' && path === 'admin');
    if (this.mode !== 'header' || !here) return { status: 403, detail: notBelieved };
    const lower = brought.map((name) => name.toLowerCase());
    const oddly = lower.some((name) => name !== normal(name)) || new Set(lower).size < lower.length;
    const joined = lower.some(
      (name) => name !== this.subjectHeader() && String(request.headers[name]).includes(','),
    );
    return oddly || joined ? { status: 400, detail: spelt } : null;
  }

  private isGuarded(name: string): boolean {
    return this.guarded.has(name) || name.startsWith('x-ssl-client');
  }

  private subjectHeader(): string | null {
    return this.headers.kind === 'told' ? this.headers.subject : null;
  }
}

const notBelieved = 'Headers that say who somebody is are believed of the proxy of /admin alone.';
const spelt = 'A header that says who somebody is stands there once, spelt as it is configured.';
const alwaysGuarded = ['client-cert', 'client-cert-chain'];

/** Programs behind some servers see `_` and `-` as one. */
function normal(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function rawNames({ raw }: FastifyRequest): string[] {
  return raw.rawHeaders.filter((_, index) => index % 2 === 0);
}

function identityHeaders(names: readonly string[]): IdentityHeaders {
  const [first = '', subject, fingerprint, serial, ...more] = names.map((n) => n.toLowerCase());
  if (names.length === 1 && names.every(isName)) return { kind: 'certificate', certificate: first };
  if (subject && fingerprint && serial && more.length === 0 && names.every(isName)) {
    return { kind: 'told', verify: first, subject, fingerprint, serial };
  }
  throw new Error(
    'GAMBESON_ADMIN_HEADERS names four headers (verify, subject, fingerprint, serial), or one ' +
      'that holds the certificate as RFC 9440 has it',
  );
}

function isName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9-]{1,60}$/.test(name);
}
