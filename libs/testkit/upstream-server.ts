/**
 * A substitute server of somebody else, over real HTTP: narinfos signed with a key of its own, nars
 * in any encoding, and whatever may go wrong with either.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encodeNix32 } from '#formats/base32.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { printNixNarinfo } from '#formats/narinfo.js';
import {
  formatNixPublicKey,
  generateNixKey,
  publicKeyOf,
  signNix,
  type NixSecretKey,
} from '#formats/nix-signature.js';

export interface PublishedPath {
  /** Base name. */
  readonly path: string;
  readonly contents: string;
  readonly references?: readonly string[];
  readonly compression?: 'zstd' | 'gzip' | 'none';
  readonly key?: NixSecretKey;
}

const packers = {
  zstd: (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes),
  gzip: (bytes: Uint8Array): Uint8Array => gzipSync(bytes),
  none: (bytes: Uint8Array): Uint8Array => bytes,
};

/** A base name whose hash part is made of the name. */
export function basenameOfName(name: string): string {
  return `${encodeNix32(sha256(Buffer.from(name)).subarray(0, 20))}-${name}`;
}

export class UpstreamServer {
  readonly files = new Map<string, Uint8Array>();
  /** Addresses that were asked for, in their order. */
  readonly asked: string[] = [];
  readonly key = generateNixKey('upstream.example.org-1');
  /** When set, it answers everything in place of the files. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(dir = '/nix/store'): Promise<UpstreamServer> {
    const server = createServer();
    const upstream = new UpstreamServer(server);
    server.on('request', (request, response) => upstream.take(request, response));
    server.on('connection', (socket) => {
      upstream.sockets.add(socket);
      socket.once('close', () => upstream.sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    upstream.files.set('/nix-cache-info', Buffer.from(`StoreDir: ${dir}\nPriority: 30\n`));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get publicKey(): string {
    return formatNixPublicKey(publicKeyOf(this.key));
  }

  /** How many narinfos were asked for. */
  get questions(): number {
    return this.asked.filter((address) => address.endsWith('.narinfo')).length;
  }

  publish(published: PublishedPath): string {
    const { path, contents, references = [], compression = 'zstd', key = this.key } = published;
    const file = { type: 'regular', executable: false, contents: Buffer.from(contents) } as const;
    const nar = encodeNar(file);
    const url = `nar/${path}.nar`;
    const told = {
      storePath: `/nix/store/${path}`,
      narHash: formatHash({ algorithm: 'sha256', digest: sha256(nar) }),
      narSize: nar.length,
      references,
    };
    const narinfo = printNixNarinfo({
      ...told,
      encodings: [{ url, compression }],
      signatures: [signNix(key, told)],
    });
    this.files.set(`/${path.slice(0, 32)}.narinfo`, Buffer.from(narinfo));
    this.files.set(`/${url}`, packers[compression](nar));
    return path;
  }

  unpublish(path: string): void {
    this.files.delete(`/${path.slice(0, 32)}.narinfo`);
    this.files.delete(`/nar/${path}.nar`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    if (this.server.listening) await once(this.server, 'close');
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    this.asked.push(url);
    if (this.answer) return this.answer(request, response);
    const body = this.files.get(url);
    response.writeHead(body ? 200 : 404, { 'content-length': body?.length ?? 4 });
    response.end(body ?? 'none');
  }
}
