/**
 * `/metrics` of a process, for Prometheus: what it tells of itself, of the requests that it
 * answered, and of what its app knows. Where people have a page at that address, too, the scraper
 * is told by what it accepts.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sentenceOf } from '#std/farm-fault.js';
import { Durations, expositionType, printFamilies, Totals, type Family } from './exposition.js';
import { inTime } from './patience.js';

/** Asked at each scrape; what it throws is told as a comment, beside all else. */
export type Collect = () => Promise<readonly Family[]>;

export interface Measuring {
  readonly app: string;
  readonly collect?: Collect | undefined;
  /** There is a page at `/metrics`, for whoever does not say that it reads text. */
  readonly besidePage?: boolean | undefined;
}

const inert = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
  'x-content-type-options': 'nosniff',
  vary: 'accept',
};

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function serveMeasures(fastify: FastifyInstance, measuring: Measuring): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const answered = new Totals(['method', 'route', 'code']);
  const durations = new Durations('route', bounds);
  let state: State = 'starting';
  fastify.addHook('onListen', async () => void (state = 'running'));
  fastify.addHook('preClose', async () => void (state = 'stopping'));
  fastify.addHook('onClose', async () => delay.disable());
  fastify.addHook('onResponse', async (request, reply) => {
    // The pattern, not the address: there are as many of these as there are routes.
    const route = request.routeOptions.url ?? 'none';
    answered.add([request.method, route, String(reply.statusCode)]);
    durations.observe(route, reply.elapsedTime / 1000);
  });
  fastify.addHook('onRequest', async (request, reply) => {
    if (!isScrape(request, measuring.besidePage === true)) return undefined;
    const own = [...processFamilies(measuring.app, state, delay.percentile(99) / 1e9)];
    const text = printFamilies([...own, requests(answered), requestSeconds(durations)]);
    const more = await collected(measuring.collect);
    return reply
      .type(expositionType)
      .headers(inert)
      .send(text + more);
  });
}

type State = 'starting' | 'running' | 'stopping';

function isScrape({ method, url, headers }: FastifyRequest, besidePage: boolean): boolean {
  const [path, query = ''] = url.split('?');
  if (path !== '/metrics' || (method !== 'GET' && method !== 'HEAD')) return false;
  if (!besidePage || query === 'format=prometheus') return true;
  const accept = headers.accept ?? '';
  return /text\/plain|openmetrics/i.test(accept) && !/text\/html/i.test(accept);
}

/** Without what could not be found out; a measure of its own says that something is missing. */
async function collected(collect: Collect | undefined): Promise<string> {
  if (!collect) return '';
  const known = (value: number): Family =>
    gauge('measures_known', 'Whether what follows could be found out: 1, else 0', [{ value }]);
  try {
    return printFamilies([known(1), ...(await inTime(collect()))]);
  } catch (error) {
    return `${printFamilies([known(0)])}# ${sentenceOf(error).replaceAll('\n', ' ')}\n`;
  }
}

function* processFamilies(app: string, state: State, delaySeconds: number): Generator<Family> {
  const states: State[] = ['starting', 'running', 'stopping'];
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const node = process.version;
  yield gauge('build_info', 'Which program this is', [{ labels: { app, node }, value: 1 }]);
  yield gauge(
    'process_state_info',
    'What the process does: 1 at one of its states',
    states.map((one) => ({ labels: { app, state: one }, value: one === state ? 1 : 0 })),
  );
  yield gauge('process_start_time_seconds', 'When it started, since 1970', [
    { value: Math.round(Date.now() / 1000 - process.uptime()) },
  ]);
  yield gauge('process_resident_memory_bytes', 'Memory that it holds', [{ value: rss }]);
  yield {
    ...{ name: 'process_cpu_seconds_total', help: 'Processor time', type: 'counter' },
    samples: [{ value: (user + system) / 1e6 }],
  };
  yield gauge('process_event_loop_delay_seconds', 'Its 99th percentile since the start', [
    { value: delaySeconds },
  ]);
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'gauge', samples };
}

function requests(answered: Totals): Family {
  const samples = answered.samples();
  return { name: 'http_requests_total', help: 'Requests answered', type: 'counter', samples };
}

function requestSeconds(durations: Durations): Family {
  const help = 'How long the answers took';
  const samples = durations.samples();
  return { name: 'http_request_duration_seconds', help, type: 'histogram', samples };
}
