/** The little of the REST API that the command needs, with the answers checked. */
import { z } from 'zod';
import { Client } from '#client/client.js';
import { FarmFault } from '#std/farm-fault.js';
import { faultsOf, Problem } from '#protocol/api/problem.js';
import type { SpecificationInput } from '#protocol/specification.js';

const Job = z.object({
  name: z.string(),
  system: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  build: z.string().nullable(),
  error: z.string().nullable(),
});
export type Job = z.infer<typeof Job>;

const Jobs = z.object({ items: z.array(Job), next: z.string().nullable() });

const Evaluation = z.object({ id: z.string(), status: z.string(), message: z.string().nullable() });
export type Evaluation = z.infer<typeof Evaluation>;

const Specification = z.object({
  lastEvaluation: Evaluation.nullable(),
  channels: z.array(z.object({ error: z.object({ message: z.string() }).nullable() })),
});
export type Specification = z.infer<typeof Specification>;

const Build = z.object({
  id: z.string(),
  wait: z.object({ reason: z.string(), sentence: z.string() }).nullable(),
  outputs: z.array(
    z.object({ name: z.string(), path: z.string().nullable(), offered: z.boolean() }),
  ),
});
export type Build = z.infer<typeof Build>;

const Workers = z.object({ items: z.array(z.object({ state: z.string() })) });

const Token = z.object({ token: z.string() });

export interface Call<T> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** The ETag that was read: refused when something else stands now. */
  readonly ifMatch?: string;
  readonly answer: z.ZodType<T>;
}

const patienceMillis = 15_000;

/** The token for the farm: null when there is none, which only a call that reads does without. */
export type TokenSource = (needed: boolean) => Promise<string | null>;

export class FarmApi {
  /** For the generated functions of the whole API; this class has the little that `up` needs. */
  readonly client: Client;
  private readonly token: TokenSource;

  constructor(
    readonly base: string,
    token: string | TokenSource,
  ) {
    this.token = typeof token === 'string' ? () => Promise.resolve(token) : token;
    this.client = new Client({ base, fetch: (address, init) => this.withToken(address, init) });
  }

  /** A token that enrols one worker, once. */
  async workerToken(note: string): Promise<string> {
    const call = { method: 'POST', path: '/api/v1/workers/tokens', body: { note } } as const;
    return (await this.call({ ...call, answer: Token })).token;
  }

  async createSpecification(input: SpecificationInput): Promise<void> {
    const path = '/api/v1/specifications';
    await this.call({ method: 'POST', path, body: input, answer: z.unknown() });
  }

  /** Null when there is none of that name. */
  specification(name: string): Promise<Specification | null> {
    const path = `/api/v1/specifications/${encodeURIComponent(name)}`;
    return this.call({ method: 'GET', path, answer: Specification }).catch((fault: unknown) => {
      if (fault instanceof FarmFault && (fault.cause as { status?: number })?.status === 404) {
        return null;
      }
      throw fault;
    });
  }

  async jobs(evaluation: string): Promise<Job[]> {
    const jobs: Job[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const path = `/api/v1/evaluations/${evaluation}/jobs?limit=500${query}`;
      const page: z.infer<typeof Jobs> = await this.call({ method: 'GET', path, answer: Jobs });
      jobs.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return jobs;
  }

  build(id: string): Promise<Build> {
    return this.call({ method: 'GET', path: `/api/v1/builds/${id}`, answer: Build });
  }

  /** Whether any worker is there, whatever it takes. */
  async hasWorker(): Promise<boolean> {
    const path = '/api/v1/workers';
    const { items } = await this.call({ method: 'GET', path, answer: Workers });
    return items.some(({ state }) => state !== 'offline' && state !== 'refused');
  }

  /** Throws FarmFault: `program-failed` with what the farm said and its status as the cause. */
  async call<T>(call: Call<T>): Promise<T> {
    const response = await this.request(call);
    const text = await response.text();
    const parsed = call.answer.safeParse(text === '' ? undefined : JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [fault] = faultsOf(parsed.error.issues as never);
    const where = `${call.path} answered ${fault?.pointer ?? ''}: ${fault?.detail ?? 'something'}`;
    throw new FarmFault('corrupt-data', `${where}, which this gambeson does not know`, 'never');
  }

  private async withToken(address: Parameters<typeof fetch>[0], init?: RequestInit) {
    const token = await this.token(init?.method !== 'GET');
    const headers = new Headers(init?.headers);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    return fetch(address, { ...init, headers });
  }

  /** The answer as it comes, for texts and streams; its refusals are thrown as `call` does. */
  async request(call: Omit<Call<unknown>, 'answer'> & Sending): Promise<Response> {
    const token = await this.token(call.method !== 'GET');
    const address = `${this.base}${call.path}`;
    const response = await fetch(address, {
      method: call.method,
      headers: {
        ...call.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...conditionOf(call),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: call.signal ?? AbortSignal.timeout(patienceMillis),
    }).catch((cause: unknown) => {
      throw new FarmFault('fetch-failed', `${this.base} does not answer${whyOf(cause)}`, 'later', {
        cause,
      });
    });
    if (response.ok) return response;
    const text = await response.text();
    const said = refusalText(text) ?? `${call.method} ${call.path}: ${response.status} ${text}`;
    const hint = response.status === 401 && token === null ? ' Give --token-file.' : '';
    const cause = { status: response.status };
    throw new FarmFault('program-failed', `${said}${hint}`, 'never', { cause });
  }
}

interface Sending {
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of a patience of 15 seconds. */
  readonly signal?: AbortSignal;
}

/** The reason of the network, which `fetch` hides in a cause. */
function whyOf(thrown: unknown): string {
  const { cause, name } = thrown as { cause?: { code?: string; message?: string }; name?: string };
  if (name === 'TimeoutError') return ` within ${patienceMillis / 1000} seconds`;
  const why = cause?.code ?? cause?.message;
  return why === undefined || why === '' ? '' : ` (${why})`;
}

/** What is replaced without having been read is replaced whatever it is. */
function conditionOf({ method, ifMatch }: Pick<Call<unknown>, 'method' | 'ifMatch'>) {
  const replaces = method === 'PUT' || method === 'PATCH';
  const condition = ifMatch ?? (replaces ? '*' : undefined);
  return condition === undefined ? {} : { 'if-match': condition };
}

/** What a problem+json says, for people; null when it is none. */
function refusalText(text: string): string | null {
  try {
    const { detail, errors = [] } = Problem.parse(JSON.parse(text));
    const faults = errors.map((one) => [one.pointer, one.detail].filter(Boolean).join(': '));
    return [detail, ...faults].join(' ');
  } catch {
    return null;
  }
}
