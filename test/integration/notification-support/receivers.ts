/** Who is told: a mail server in a process of its own, and receivers of webhooks of all tempers. */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | null;
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: Arrivals<ReceivedMail>;
  stop(): Promise<void>;
}

/** What arrived, each waited for by its number, from 1. */
export class Arrivals<T> {
  readonly all: T[] = [];
  private readonly news = new EventEmitter();

  add(one: T): void {
    this.all.push(one);
    this.news.emit('one');
  }

  async nth(number: number): Promise<T> {
    const signal = AbortSignal.timeout(10_000);
    while (this.all.length < number) await once(this.news, 'one', { signal });
    return this.all[number - 1]!;
  }
}

export async function startMailServer(): Promise<MailServer> {
  const program = fileURLToPath(new URL('./mail-server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'ignore'] });
  const mails = new Arrivals<ReceivedMail>();
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { port } = JSON.parse(first) as { port: number };
  lines.on('line', (line) => mails.add(JSON.parse(line) as ReceivedMail));
  return {
    ...{ port, mails },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface Hook {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HookServer {
  readonly url: string;
  /** By path; each answers as its own `answers` say, and 200 for those not named. */
  at(path: string): Arrivals<Hook>;
  /** Whether somebody waits for the answer of a path that never answers. */
  hanging(path: string): number;
  stop(): Promise<void>;
}

export type Answering = (response: ServerResponse, nth: number) => void;

export async function startHookServer(
  answers: Readonly<Record<string, Answering>>,
): Promise<HookServer> {
  const arrivals = new Map<string, Arrivals<Hook>>();
  const hanging = new Map<string, number>();
  const at = (path: string): Arrivals<Hook> => {
    const known = arrivals.get(path) ?? new Arrivals<Hook>();
    arrivals.set(path, known);
    return known;
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    const count = (by: number): void => void hanging.set(path, (hanging.get(path) ?? 0) + by);
    count(1);
    response.once('close', () => count(-1));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', headers } = request;
      at(path).add({ path, method, headers, body: Buffer.concat(chunks).toString('utf8') });
      (answers[path] ?? accept)(response, at(path).all.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    at,
    hanging: (path) => hanging.get(path) ?? 0,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function accept(response: ServerResponse): void {
  response.end('thank you');
}

/** Never says anything. */
export function hang(): void {}
