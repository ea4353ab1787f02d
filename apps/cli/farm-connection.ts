/**
 * How commands that speak to a running farm reach it: its address, the admin's token from a file,
 * and JSON both ways, with refusals told as the farm words them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';

export interface FarmOptions {
  readonly farm: string;
  readonly adminTokenFile: string;
  readonly json: boolean;
}

interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

const patienceMillis = 30_000;
const defaultToken = join(process.env['GAMBESON_DATA'] ?? '.gambeson', 'secrets', 'admin-token');

/** Gives the command the options that say which farm it speaks to. */
export function ofFarm(command: Command): Command {
  const { GAMBESON_URL: url, GAMBESON_ADMIN_TOKEN_FILE: file } = process.env;
  return command
    .option('--farm <url>', "the farm's address", url ?? 'http://127.0.0.1:8081')
    .option('--admin-token-file <file>', "the admin's token", file ?? defaultToken)
    .option('--json', 'what the farm answers, as JSON', false);
}

export class FarmConnection {
  private readonly base: string;

  constructor(private readonly options: FarmOptions) {
    this.base = options.farm.replace(/\/+$/, '');
  }

  /** Throws a FarmFault with the farm's own sentence when it refuses. */
  async call<T>({ method, path, body, answer }: Call<T>): Promise<T> {
    const said = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' };
    const token = method === 'GET' ? null : await this.token();
    const authorization: Record<string, string> =
      token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.base}${path}`, {
      ...{ method, headers: { ...type, ...authorization }, ...said },
      signal: AbortSignal.timeout(patienceMillis),
    }).catch((error: unknown) => {
      const why = sentenceOf((error as { cause?: unknown }).cause ?? error);
      throw new FarmFault('program-failed', `${this.base} does not answer: ${why}`, 'later');
    });
    const text = await response.text();
    if (!response.ok) throw refusal(`${method} ${path}`, response.status, text);
    return answer.parse(text === '' ? undefined : JSON.parse(text));
  }

  private async token(): Promise<string> {
    const file = this.options.adminTokenFile;
    return (
      await readFile(file, 'utf8').catch((error: unknown) => {
        const why = `the admin's token cannot be read: ${sentenceOf(error)}`;
        throw new FarmFault('misconfigured', `${why}; say --admin-token-file FILE`, 'never');
      })
    ).trim();
  }
}

const Problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string().optional(), detail: z.string() })).optional(),
});

function refusal(what: string, status: number, text: string): FarmFault {
  const cause = { status };
  const told = Problem.safeParse(json(text));
  if (!told.success) {
    return new FarmFault('program-failed', `${what} answered ${status}`, 'never', { cause });
  }
  const { detail, errors = [] } = told.data;
  const faults = errors.map((one) => [one.pointer, one.detail].filter(Boolean).join(': '));
  return new FarmFault('program-failed', [detail, ...faults].join(' '), 'never', { cause });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
