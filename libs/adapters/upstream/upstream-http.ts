/**
 * Upstreams over HTTP. One of these serves a process: the circuits of the upstreams are its own,
 * and one that fails is left alone by everybody in the process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from '#std/farm-fault.js';
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamHealth,
} from '#application/ports/upstream-client.js';
import {
  afterAnswer,
  afterFault,
  closedCircuit,
  mayAsk,
  trying,
  type Circuit,
} from '#domain/substitute/circuit.js';
import type { Offering, Upstream, UpstreamId } from '#domain/substitute/upstream.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { hashPartLength } from '#formats/store-path.js';
import { FarmFault } from '#std/farm-fault.js';
import type { Answer } from './answer-parser.js';
import { downloadNar } from './nar-download.js';
import { askAll, type Told } from './question-lanes.js';
import { readOffering } from './upstream-narinfo.js';

export interface UpstreamHttpOptions {
  readonly connections: number;
  readonly depth: number;
  /** Questions a second that an upstream must answer at the least. */
  readonly slowest: number;
  /** Milliseconds before what was left unanswered is asked once more. */
  readonly pause: number;
  /** Told when an upstream begins or ceases to fail. */
  readonly onHealth: (upstream: Upstream, fault: string | null) => void;
}

const defaults: UpstreamHttpOptions = {
  connections: 32,
  depth: 16,
  slowest: 250,
  pause: 500,
  onHealth: () => undefined,
};

/** How long verifying may go on before others may have the event loop. */
const breathMilliseconds = 5;

interface Standing {
  readonly circuit: Circuit;
  readonly fault: string | null;
}

export class UpstreamHttp implements UpstreamClient {
  private readonly options: UpstreamHttpOptions;
  private readonly standings = new Map<UpstreamId, Standing>();

  constructor(options: Partial<UpstreamHttpOptions> = {}) {
    this.options = { ...defaults, ...options };
  }

  async ask(upstream: Upstream, paths: readonly string[]): Promise<readonly UpstreamAnswer[]> {
    const standing = this.standingOf(upstream);
    const may = mayAsk(standing.circuit, performance.now());
    if (may === 'no' || paths.length === 0) return paths.map(() => leftAlone(standing));
    if (may === 'yes') return this.judge(upstream, paths, await this.send(upstream, paths));
    this.standings.set(upstream.id, { ...standing, circuit: trying(standing.circuit) });
    const first = await this.send(upstream, paths.slice(0, 1));
    if (first[0] instanceof Error) return paths.map(() => leftAlone(this.standingOf(upstream)));
    const rest = await this.send(upstream, paths.slice(1));
    return this.judge(upstream, paths, [...first, ...rest]);
  }

  async *nar(upstream: Upstream, offering: Offering): AsyncGenerator<Uint8Array> {
    const { circuit, fault } = this.standingOf(upstream);
    if (mayAsk(circuit, performance.now()) === 'no') {
      throw new FarmFault('fetch-failed', `${upstream.url} fails: ${fault}`);
    }
    const parsed = parseNarinfo(offering.text);
    if (!parsed.ok) throw new FarmFault('corrupt-data', `${offering.path}: malformed narinfo`);
    try {
      yield* downloadNar(upstream, parsed.value);
      this.note(upstream, null);
    } catch (cause) {
      const isTheirs = cause instanceof FarmFault && cause.code === 'fetch-failed';
      if (isTheirs && cause.retry !== 'never') this.note(upstream, sentenceOf(cause));
      throw cause;
    }
  }

  health(upstream: Upstream): UpstreamHealth {
    const { circuit, fault } = this.standingOf(upstream);
    const { failingSince } = circuit;
    const failingSeconds = failingSince === null ? null : (performance.now() - failingSince) / 1000;
    return { failingSeconds, fault };
  }

  async close(): Promise<void> {}

  private async send(upstream: Upstream, paths: readonly string[]): Promise<Told[]> {
    if (paths.length === 0) return [];
    const { connections, depth, slowest, pause } = this.options;
    const timeout = upstream.timeoutSeconds * 1000;
    const server = new URL(upstream.url);
    const prefix = server.pathname.replace(/\/+$/, '');
    const target = (path: string): string => `${prefix}/${path.slice(0, hashPartLength)}.narinfo`;
    const deadline = performance.now() + timeout + (paths.length / slowest) * 1000;
    const options = { connections, depth, timeout, deadline };
    const told = await askAll(server, paths.map(target), options);
    const left = told.flatMap((one, at) => (one instanceof Error ? at : []));
    if (left.length > 0 && performance.now() + pause + timeout < deadline) {
      // A server that is only started anew is soon there again.
      await sleep(pause);
      const again = await askAll(
        server,
        left.map((at) => target(paths[at]!)),
        options,
      );
      left.forEach((at, index) => (told[at] = again[index]!));
    }
    this.noteAll(upstream, told);
    return told;
  }

  private noteAll(upstream: Upstream, told: readonly Told[]): void {
    const faults = told.map(faultOf);
    const some = faults.find((fault) => fault !== null);
    if (faults.includes(null)) this.note(upstream, null);
    // Some answers and then none: it has begun to fail.
    if (some !== undefined) this.note(upstream, some);
  }

  private note(upstream: Upstream, fault: string | null): void {
    const { circuit, fault: before } = this.standingOf(upstream);
    const next = fault === null ? afterAnswer() : afterFault(circuit, performance.now());
    this.standings.set(upstream.id, { circuit: next, fault });
    if ((before === null) !== (fault === null)) this.options.onHealth(upstream, fault);
  }

  private standingOf({ id }: Upstream): Standing {
    return this.standings.get(id) ?? { circuit: closedCircuit, fault: null };
  }

  private async judge(
    upstream: Upstream,
    paths: readonly string[],
    told: readonly Told[],
  ): Promise<UpstreamAnswer[]> {
    const answers: UpstreamAnswer[] = [];
    let breathed = performance.now();
    for (const [at, one] of told.entries()) {
      answers.push(answerOf(upstream, paths[at]!, one));
      if (performance.now() - breathed < breathMilliseconds) continue;
      await new Promise((resolve) => setImmediate(resolve));
      breathed = performance.now();
    }
    return answers;
  }
}

function answerOf(upstream: Upstream, path: string, told: Told): UpstreamAnswer {
  const fault = faultOf(told);
  if (fault !== null) return { kind: 'unanswered', why: fault };
  const { status, body } = told as Answer;
  // Caches of S3 answer 403 for what they do not have and may not list.
  if (status !== 200) return { kind: 'miss' };
  const offering = readOffering(upstream, path, body.toString('utf8'));
  if (!offering.ok) return { kind: 'refused', why: offering.error };
  return { kind: 'has', offering: offering.value };
}

/** Null for whatever tells what there is or is not. */
function faultOf(told: Told): string | null {
  if (told instanceof Error) return told.message;
  const { status } = told;
  return status === 200 || status === 403 || status === 404 || status === 410
    ? null
    : `it answered ${status}`;
}

function leftAlone({ fault }: Standing): UpstreamAnswer {
  return { kind: 'unanswered', why: fault ?? 'it is left alone' };
}
