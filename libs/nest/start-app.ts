/**
 * Starts a Nest app on fastify as every farm process does: one logger, graceful stop on SIGTERM and
 * SIGINT, one line that says where it listens. The app's own `main.ts` stays a few lines.
 */
import 'reflect-metadata';
import { ConsoleLogger, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendProblem } from './send-problem.js';
import { serveMeasures, type Collect } from './serve-measures.js';
import type { Settings } from './settings.js';
import { refuseUnread } from './unread-requests.js';

export interface StartOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly settings: Settings;
  /** Wires what Nest does not: a WebSocket upgrade, raw routes, OpenAPI. Runs before listening. */
  readonly prepare?: (app: NestFastifyApplication) => Promise<void>;
  /** What `/metrics` tells beside what it tells of every process. */
  readonly collect?: (app: NestFastifyApplication) => Collect;
  /** People have a page at `/metrics`, too. */
  readonly besidePage?: boolean;
}

/** What Nest says of its own wiring at each start, one line per route, nobody reads. */
const wiring = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

class FarmLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!wiring.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}

/**
 * Resolves when the app listens. Prints `NAME listening on ADDRESS` on stdout, which a supervisor
 * may wait for. On the first signal Nest's shutdown hooks run; the process then ends by itself.
 */
export async function startApp(options: StartOptions): Promise<NestFastifyApplication> {
  const { name, settings } = options;
  const logger = new FarmLogger({
    prefix: name,
    json: settings.logFormat === 'json',
    colors: process.stdout.isTTY === true,
    logLevels: ['log', 'warn', 'error', 'fatal'],
  });
  const adapter = new FastifyAdapter({
    bodyLimit: 4 * 1024 * 1024,
    forceCloseConnections: true,
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseUnread,
    // Addresses that people write by hand, and those of Cuirass, end with one or without.
    // Names of jobs may be long; what a name is, its handler says.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_384 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger,
    abortOnError: false,
    // Fastify's own parsers are enough; Nest's would read forms, which no route of ours means.
    bodyParser: false,
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  const { collect, besidePage } = options;
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  serveMeasures(fastify, { app: name, collect: collect?.(app), besidePage });
  await options.prepare?.(app);
  await app.listen(settings.port, settings.host);
  process.stdout.write(`${name} listening on ${await app.getUrl()}\n`);
  return app;
}

/** No browser finds anything to do with what these answers hold. */
const inert = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** An address that cannot be decoded reaches no route, no hook and no filter. */
function refuseAddress(error: Error, _request: unknown, reply: FastifyReply): void {
  const { message: detail } = error;
  void sendProblem(reply, { status: 400, kind: 'malformed-request', detail, headers: inert });
}
