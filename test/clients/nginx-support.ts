/**
 * A real nginx on free ports of 127.0.0.1, with the configuration of a folder in which places,
 * ports and nothing else were changed, and requests to it as clients make them.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '#adapters/postgres/embedded.js';
import { findProgram } from '#adapters/backends/sandbox/program.js';
import { answered } from '#testkit/eventually.js';

const run = promisify(execFile);

export interface NginxPlan {
  /** The folder of the configuration. */
  readonly folder: string;
  /** The file in it that nginx is started with. */
  readonly main: string;
  /** What stands in the files, and what shall stand there; each must occur. */
  readonly changes: (place: NginxPlace) => Readonly<Record<string, string>>;
  /** Directives of the outermost block that the files lack. */
  readonly more?: (place: NginxPlace) => string;
  /** What must be there before nginx starts. */
  readonly prepare?: (place: NginxPlace) => Promise<void>;
}

export interface NginxPlace {
  /** Everything of this nginx lies below it. */
  readonly directory: string;
  readonly http: number;
  readonly https: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked extends https.RequestOptions {
  readonly tls?: boolean;
  readonly body?: string | Buffer;
}

export class TestNginx {
  private child!: ChildProcess;
  private readonly said: string[] = [];

  private constructor(
    readonly place: NginxPlace,
    private readonly more: string,
  ) {}

  static async start(plan: NginxPlan): Promise<TestNginx> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-nginx-'));
    const place = { directory, http: await freePort(), https: await freePort() };
    const nginx = new TestNginx(place, plan.more?.(place) ?? '');
    try {
      await chmod(directory, 0o755);
      await mkdir(join(directory, 'logs'));
      await configure(plan, place);
      await plan.prepare?.(place);
      await nginx.open(plan.main);
    } catch (error) {
      await nginx.stop();
      throw new Error(`${String(error)}\n${nginx.said.join('')}`, { cause: error });
    }
    return nginx;
  }

  /** The command that reaches this nginx, for `-t` and `-s`. */
  get command(): string[] {
    const { directory } = this.place;
    const errors = join(directory, 'logs', 'start.log');
    const settings = join(directory, 'nginx.conf');
    const flags = ['-p', directory, '-c', settings, '-e', errors];
    return [findProgram('nginx'), ...flags, ...(this.more ? ['-g', this.more] : [])];
  }

  /** Resolves when `nginx -t` is content; its words otherwise. */
  async test(): Promise<string> {
    const [program = '', ...flags] = this.command;
    return (await run(program, [...flags, '-t'])).stderr;
  }

  /** Resolves when only workers that have read the files anew take connections. */
  async reload(how: () => Promise<unknown> = () => this.signalReload()): Promise<void> {
    const old = await this.accepting();
    await how();
    await answered('the old workers to take no more', async () => {
      const now = await this.accepting();
      return now.length > 0 && now.every((pid) => !old.includes(pid)) ? true : null;
    });
  }

  ask(path: string, asked: Asked = {}): Promise<Answer> {
    const { body, ...options } = asked;
    return new Promise((resolve, reject) => {
      const request = this.request(path, options);
      request.on('error', reject);
      request.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, body: Buffer.concat(parts) });
        });
      });
      request.end(body);
    });
  }

  /** Begun and not ended; over TLS unless told otherwise. No connection is used twice. */
  request(path: string, asked: Asked = {}): http.ClientRequest {
    const { tls = true, ...options } = asked;
    const host = options.headers?.['host' as never] ?? 'farm.example.org';
    const all = { host: '127.0.0.1', path, agent: false, ...options };
    const headers = { ...(options.headers as http.OutgoingHttpHeaders), host };
    if (!tls) return http.request({ ...all, headers, port: this.place.http });
    const trusted = { rejectUnauthorized: false, servername: 'farm.example.org' };
    return https.request({ ...trusted, ...all, headers, port: this.place.https });
  }

  /** Files below its directory that hold these bytes. */
  async filesWith(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const name of await readdir(this.place.directory, { recursive: true })) {
      const path = join(this.place.directory, name);
      if (!(await stat(path)).isFile()) continue;
      if ((await readFile(path, 'latin1')).includes(text)) found.push(name);
    }
    return found;
  }

  async stop(): Promise<void> {
    if (this.child?.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await gone;
    }
    await rm(this.place.directory, { recursive: true, force: true });
  }

  private async open(main: string): Promise<void> {
    const { directory } = this.place;
    if (main !== 'nginx.conf') await cp(join(directory, main), join(directory, 'nginx.conf'));
    await this.test();
    const [program = '', ...flags] = this.command;
    const inFront = this.more ? [] : ['-g', 'daemon off;'];
    this.child = spawn(program, [...flags, ...inFront], { stdio: 'pipe' });
    this.child.stderr?.on('data', (text: Buffer) => this.said.push(String(text)));
    await answered('nginx to listen', () => this.listens(), 10_000);
  }

  private signalReload(): Promise<unknown> {
    const [program = '', ...flags] = this.command;
    return run(program, [...flags, '-s', 'reload']);
  }

  /** Its workers by what they call themselves: one that goes says so, and accepts no more. */
  private async accepting(): Promise<string[]> {
    const { pid } = this.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const named = children.split(' ').map(async (child) => {
      const title = await readFile(`/proc/${child}/cmdline`, 'latin1').catch(() => '');
      return /^nginx: worker process[\0 ]*$/.test(title) ? [child] : [];
    });
    return (await Promise.all(named)).flat();
  }

  private async listens(): Promise<true | null> {
    if (this.child.exitCode !== null) throw new Error('nginx has ended');
    const socket = connect(this.place.https, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  }
}

async function configure(plan: NginxPlan, place: NginxPlace): Promise<void> {
  const changes = Object.entries({ ...ownTemporaryFiles(place), ...plan.changes(place) });
  const seen = new Set<string>();
  for (const name of await readdir(plan.folder, { recursive: true })) {
    if (!name.endsWith('.conf')) continue;
    let text = await readFile(join(plan.folder, name), 'utf8');
    for (const [old, changed] of changes) {
      if (text.includes(old)) seen.add(old);
      text = text.replaceAll(old, changed);
    }
    await mkdir(join(place.directory, name, '..'), { recursive: true });
    await writeFile(join(place.directory, name), text);
  }
  const unseen = changes.find(([old]) => !seen.has(old));
  if (unseen) throw new Error(`no file of ${plan.folder} has ${unseen[0]}`);
}

/** Otherwise they lie where the machine's own nginx has its. */
function ownTemporaryFiles({ directory }: NginxPlace): Record<string, string> {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const lines = kinds.map((kind) => `${kind}_temp_path ${join(directory, kind)};`);
  return { 'http {': `http { ${lines.join(' ')}` };
}
