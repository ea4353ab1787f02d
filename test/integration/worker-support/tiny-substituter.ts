/**
 * A substituter for tests of the worker agent: one HTTP server that keeps everything in memory,
 * takes uploads with the right token, signs what was offered and serves derivation packs.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { encodePack, type PackedDerivation } from '#formats/derivation-pack.js';
import { formatHash, sha256, toHex } from '#formats/hash.js';
import { printNixNarinfo } from '#formats/narinfo.js';
import {
  formatNixPublicKey,
  generateNixKey,
  publicKeyOf,
  signNix,
} from '#formats/nix-signature.js';

export interface Kept {
  readonly nar: Uint8Array;
  readonly narHash: string;
  readonly references: readonly string[];
}

export class TinySubstituter {
  readonly offered = new Map<string, Kept>();
  readonly uploads = new Map<string, Uint8Array>();
  readonly tokensSeen = new Set<string>();
  pack: readonly PackedDerivation[] = [];
  /** Answers 503 to everything while it is set. */
  down = false;
  readonly #refusals = new EventEmitter();
  readonly #key = generateNixKey('test-1');
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.writeHead(500).end());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves when so many requests have been refused from now on. */
  async refused(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await once(this.#refusals, 'refused');
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get publicKey(): string {
    return formatNixPublicKey(publicKeyOf(this.#key));
  }

  /** Makes an uploaded or given nar fetchable, as the farm does after a report. */
  offer(path: string, references: readonly string[], nar = this.uploads.get(path)): void {
    if (!nar) throw new Error(`${path} was not uploaded`);
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    this.offered.set(path, { nar, narHash, references });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    if (this.down) {
      response.writeHead(503).end();
      this.#refusals.emit('refused');
      return;
    }
    const path = request.url ?? '';
    const upload = /^\/local\/uploads\/(.+)$/.exec(path)?.[1];
    if (upload && request.method === 'PUT') {
      this.tokensSeen.add(request.headers.authorization ?? '');
      return this.#upload(decodeURIComponent(upload), Buffer.concat(body), response);
    }
    if (path.startsWith('/local/derivations/')) return this.#sendPack(path, response);
    const hashPart = /^\/local\/([0-9a-z]{32})\.narinfo$/.exec(path)?.[1];
    if (hashPart) return this.#narinfo(hashPart, response);
    const nar = /^\/local\/nar\/([0-9a-z]{32})$/.exec(path)?.[1];
    const kept = [...this.offered].find(([name]) => nar !== undefined && name.startsWith(nar));
    if (!kept) return void response.writeHead(404).end();
    response.writeHead(200).end(zstdCompressSync(kept[1].nar));
  }

  #upload(path: string, body: Uint8Array, response: ServerResponse): void {
    const nar = zstdDecompressSync(body);
    this.uploads.set(path, nar);
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    const fileHash = formatHash({ algorithm: 'sha256', digest: sha256(body) });
    const answer = { path, narHash, narSize: nar.length, fileHash, fileSize: body.length };
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #sendPack(path: string, response: ServerResponse): void {
    const name = decodeURIComponent(path.slice('/local/derivations/'.length));
    if (!this.pack.some((file) => file.name === name)) return void response.writeHead(404).end();
    const pack = encodePack(this.pack);
    response.writeHead(200, { 'x-pack': toHex(sha256(pack)) }).end(zstdCompressSync(pack));
  }

  #narinfo(hashPart: string, response: ServerResponse): void {
    const found = [...this.offered].find(([name]) => name.startsWith(hashPart));
    if (!found) return void response.writeHead(404).end();
    const [name, { nar, narHash, references }] = found;
    const narinfo = {
      storePath: `/gambeson/store/${name}`,
      encodings: [{ url: `nar/${hashPart}`, compression: 'zstd' }],
      narHash,
      narSize: nar.length,
      references,
      signatures: [] as string[],
    };
    narinfo.signatures.push(signNix(this.#key, narinfo));
    response.writeHead(200).end(printNixNarinfo(narinfo));
  }
}
