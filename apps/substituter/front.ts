/**
 * The substituter's front: it stands before Nest and fastify on the HTTP server itself, since a
 * narinfo is asked for tens of thousands of times a second. Everything but the health of the
 * process is answered here.
 */
import { Logger } from '@nestjs/common';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { sentenceOf } from '#std/farm-fault.js';
import type { DiskLevel } from '#domain/retention/disk-level.js';
import type { Family } from '#nest/exposition.js';
import type { Refusal } from '#nest/problem.js';
import { principalOf, unauthorized } from './credential.js';
import type { ContentsRoute } from './contents-route.js';
import type { NarRoute } from './nar-route.js';
import type { NarinfoRoute } from './narinfo-route.js';
import type { PushRoutes } from './push-routes.js';
import type { ReadRoutes } from './read-routes.js';
import { send, sendFault, sendMiss, sendProblem, type Exchange } from './respond.js';
import { Served } from './served.js';
import type { Stores } from './stores.js';
import { readTarget, rootSlug, type Target } from './target.js';
import type { UploadRoute } from './upload-route.js';
import { Wire } from './wire/wire.js';
import type { WriteRoutes } from './write-routes.js';

export interface Routes {
  readonly narinfos: NarinfoRoute;
  readonly nars: NarRoute;
  readonly contents: ContentsRoute;
  readonly reads: ReadRoutes;
  readonly writes: WriteRoutes;
  readonly uploads: UploadRoute;
  readonly pushes: PushRoutes;
  readonly stores: Stores;
  readonly serviceToken: string;
  /** How much room there is to take something in. */
  readonly disk: { readonly level: DiskLevel };
}

/** Addresses that Nest answers. */
const ofNest = /^\/(livez|readyz|metrics)(\?|$)/;

export class Front {
  private readonly logger = new Logger('http');
  private readonly running = new Set<Promise<void>>();
  private readonly nest: RequestListener[];
  private readonly wire: Wire;
  private readonly served = new Served();

  constructor(
    private readonly routes: Routes,
    server: Server,
  ) {
    this.nest = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => this.take(request, response, false));
    server.on('checkContinue', (request, response) => this.take(request, response, true));
    // A nar of many gigabytes takes as long as it takes; silence is what ends an upload.
    server.requestTimeout = 0;
    this.wire = new Wire(server, this.served.counted(routes.narinfos));
  }

  measures(): readonly Family[] {
    return this.served.families();
  }

  /** Resolves when no write is under way, or the time is over. */
  async drain(milliseconds: number): Promise<void> {
    this.wire.stop();
    const timeOver = new Promise<void>((resolve) => {
      setTimeout(resolve, milliseconds).unref();
    });
    await Promise.race([Promise.allSettled(this.running), timeOver]);
    this.wire.close();
    await this.routes.uploads.close();
  }

  private take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const url = request.url ?? '/';
    const { method } = request;
    const exchange = { request, response, expectsContinue };
    const reads = method === 'GET' || method === 'HEAD';
    if (ofNest.test(url)) {
      for (const listener of this.nest) listener(request, response);
      return;
    }
    const target = readTarget(url, this.routes.stores.slugAt(request.headers.host));
    this.served.watch(target, response);
    const work = this.answer(exchange, target).catch((error: unknown) =>
      this.fail(exchange, error),
    );
    if (reads) return;
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async answer(exchange: Exchange, target: Target): Promise<void> {
    const { method } = exchange.request;
    if (method === 'GET' || method === 'HEAD') return this.read(exchange, target);
    const { writes, pushes, uploads, disk } = this.routes;
    if (disk.level === 'hard' && this.takes(target)) return sendProblem(exchange, diskGuard);
    if (method === 'PUT' && target.kind === 'bad-name') return refuseName(exchange, target.name);
    if (method === 'PUT' && target.kind === 'upload') return uploads.put(exchange, target);
    if (method === 'PATCH' && target.kind === 'upload') return uploads.patch(exchange, target);
    if (method === 'PUT' && target.kind === 'pack') {
      return writes.pack(exchange, target.slug, target.hash);
    }
    if (method === 'PUT' && pushes.takes(target)) return pushes.take(exchange, target);
    if (method === 'POST' && target.kind === 'paths') return writes.offer(exchange, target.slug);
    refuseMethod(exchange, target);
  }

  /** Whether something written there brings bytes. */
  private takes(target: Target): boolean {
    return target.kind === 'upload' || target.kind === 'pack' || this.routes.pushes.takes(target);
  }

  private async read(exchange: Exchange, target: Target): Promise<void> {
    const { narinfos, nars, contents, reads, stores, pushes, uploads } = this.routes;
    if (await pushes.answerHead(exchange, target)) return;
    if (target.kind === 'upload' && exchange.request.method === 'HEAD') {
      return uploads.head(exchange, target);
    }
    const store = 'slug' in target ? await stores.find(target.slug) : null;
    if ('slug' in target && !store) return sendMiss(exchange);
    if (store?.private && !(await this.mayRead(exchange, store.slug))) {
      return sendProblem(exchange, unauthorized);
    }
    switch (target.kind) {
      case 'narinfo':
        return narinfos.ask(exchange, store!, target.hashPart);
      case 'nar':
        return nars.byKey(exchange, store!, target.file);
      case 'path-nar':
        return nars.byPath(exchange, store!, target);
      case 'cache-info':
        return narinfos.cacheInfo(exchange, store!);
      case 'log':
        return reads.log(exchange, target.slug, target.derivation);
      case 'output-log': {
        const derivation = await contents.deriver(store!, target.path);
        return derivation ? reads.log(exchange, target.slug, derivation) : sendMiss(exchange);
      }
      case 'derivation':
        return reads.derivation(exchange, target.slug, target.path);
      case 'welcome':
        return reads.welcome(exchange, stores.known(rootSlug));
      case 'listing':
        return contents.listing(exchange, store!, target.hashPart);
      case 'file':
        return contents.file(exchange, store!, target);
      case 'robots':
        return reads.robots(exchange);
      case 'public-key':
        return reads.publicKey(exchange, store!);
      case 'upload':
      case 'pack':
      case 'paths':
        return refuseMethod(exchange, target);
      default:
        return sendMiss(exchange);
    }
  }

  /** Of a private store. */
  private async mayRead({ request }: Exchange, slug: string): Promise<boolean> {
    const { serviceToken, pushes } = this.routes;
    return principalOf(request, serviceToken) !== null || pushes.mayRead(request, slug);
  }

  private fail(exchange: Exchange, error: unknown): void {
    const { method, url = '/' } = exchange.request;
    const gone = exchange.request.destroyed && !exchange.request.complete;
    const { status } = sendFault(exchange, error);
    const line = `${method} ${url.split('?')[0]}: ${sentenceOf(error)}`;
    if (gone) this.logger.warn(`${line}: the sender went away`);
    else if (status === 500) this.logger.error(line, error instanceof Error ? error.stack : '');
    else this.logger.error(line);
  }
}

/** Whoever sends it waits and tries again. */
const diskGuard: Refusal = {
  status: 507,
  kind: 'disk-guard',
  detail: 'The disk of the nar store is too short to take anything in; try again later.',
  headers: { 'Retry-After': '30' },
};

function refuseName(exchange: Exchange, name: string): void {
  const detail = `${JSON.stringify(name.slice(0, 300))} is not the base name of a store path.`;
  sendProblem(exchange, { status: 400, kind: 'bad-store-path', detail });
}

const methods: Readonly<Partial<Record<Target['kind'], string>>> = {
  upload: 'PUT, PATCH, HEAD',
  'bad-name': 'PUT',
  pack: 'PUT',
  paths: 'POST',
};

/** Nix tries to PUT nix-cache-info even where it only reads, and goes on when it is told 405. */
function refuseMethod(exchange: Exchange, target: Target): void {
  send(exchange, {
    status: 405,
    type: 'text/plain',
    body: 'method not allowed\n',
    headers: { Allow: methods[target.kind] ?? 'GET, HEAD' },
  });
}
