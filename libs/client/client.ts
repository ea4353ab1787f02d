/**
 * Calls the REST API for the generated functions in `generated/`: addresses, bodies, conditions and
 * refusals. What comes back is believed to have the type that the OpenAPI document says; that a
 * farm keeps to it is tried with the farm, not at each call.
 */
import { FarmFault } from '#std/farm-fault.js';
import { refusalOf } from './refused.js';

export interface ClientOptions {
  /** Where the farm is, without `/api/v1`. */
  readonly base: string;
  /** Reading needs none. */
  readonly token?: string;
  /** Milliseconds that one answer may take; 15 seconds unless told. */
  readonly patience?: number;
  readonly fetch?: typeof fetch;
}

export interface Call {
  readonly method: string;
  /** With `{name}` where a part of the address goes. */
  readonly path: string;
  readonly answer: 'json' | 'nothing' | 'raw';
}

/** What every call may say beside its own input. */
export interface Reading {
  readonly signal?: AbortSignal;
  /** Of logs and files: `bytes=0-1023`. */
  readonly range?: string;
}

/** Of what would be begun twice: the same key within 24 hours gets the first answer again. */
export interface Starting extends Reading {
  readonly idempotencyKey?: string;
}

/** Of what replaces something: the ETag that was read, or `*`. */
export interface Writing extends Reading {
  readonly ifMatch: string;
}

/** An answer that is no JSON, to be read as a stream or whole, for as long as it goes on. */
export type RawAnswer = Response;

type Value = string | number | boolean;
type Values = Readonly<Record<string, Value | readonly Value[] | undefined>>;

export interface Input extends Reading {
  readonly path?: Values;
  readonly query?: Values;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly idempotencyKey?: string;
}

export class Client {
  private readonly base: string;

  constructor(private readonly options: ClientOptions) {
    this.base = options.base.replace(/\/+$/, '');
  }

  /**
   * Throws Refused where the farm says no, and FarmFault `fetch-failed` where it says nothing or
   * something else.
   */
  async call<T>(call: Call, input: Input): Promise<T> {
    const ending = new AbortController();
    const { patience = 15_000 } = this.options;
    const timer = setTimeout(() => ending.abort(), patience);
    try {
      const response = await this.fetch(call, input, ending.signal);
      if (!response.ok) throw await refusalOf(response);
      if (call.answer === 'raw') return response as T;
      return (call.answer === 'nothing' ? undefined : await response.json()) as T;
    } catch (error) {
      if (!isTrouble(error) && !ending.signal.aborted) throw error;
      throw new FarmFault(
        'fetch-failed',
        ending.signal.aborted
          ? `${this.base} does not answer within ${patience / 1000} seconds`
          : `${this.base} ${troubleOf(error)}`,
        'later',
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  private fetch(call: Call, input: Input, ending: AbortSignal): Promise<Response> {
    const signal = input.signal ? AbortSignal.any([input.signal, ending]) : ending;
    const body = input.body === undefined ? {} : { body: JSON.stringify(input.body) };
    return (this.options.fetch ?? fetch)(`${this.base}${addressOf(call.path, input)}`, {
      method: call.method,
      headers: headersOf(input, this.options.token),
      redirect: 'error',
      signal,
      ...body,
    });
  }
}

/** By their names: a bundler's or a test's fetch throws the TypeError of another realm. */
function isTrouble(error: unknown): boolean {
  return ['TypeError', 'SyntaxError'].includes((error as Error).name);
}

/** The reason of the network is hidden in a cause. */
function troubleOf(error: unknown): string {
  if ((error as Error).name === 'SyntaxError') return 'answers what is no JSON: is it a farm?';
  const { code, message } = ((error as Error).cause ?? error) as {
    code?: string;
    message?: string;
  };
  const why = code ?? message ?? '';
  return `does not answer${why === '' ? '' : ` (${why})`}`;
}

function addressOf(path: string, { path: parts = {}, query = {} }: Input): string {
  const place = path.replaceAll(/\{([^}]+)\}/g, (_whole, name: string) =>
    encodeURIComponent(String(parts[name])),
  );
  const told = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => [name, String(one)]),
  );
  return told.length === 0 ? place : `${place}?${new URLSearchParams(told).toString()}`;
}

function headersOf(input: Input, token: string | undefined): Record<string, string> {
  return {
    accept: 'application/json, */*;q=0.5',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(input.body !== undefined && { 'content-type': 'application/json' }),
    ...(input.ifMatch !== undefined && { 'if-match': input.ifMatch }),
    ...(input.range !== undefined && { range: input.range }),
    ...(input.idempotencyKey !== undefined && { 'idempotency-key': input.idempotencyKey }),
  };
}

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Every item of a list, page by page as they are asked for. */
export async function* everyItem<T>(
  page: (cursor: string | undefined) => Promise<PageOf<T>>,
): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const { items, next } = await page(cursor);
    yield* items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}
