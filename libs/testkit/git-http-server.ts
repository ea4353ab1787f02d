/** A directory of git repositories over HTTP, by git's own program; some want a password. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface GitHttpServer {
  /** `http://127.0.0.1:PORT`; repositories lie below it as they do in the directory. */
  readonly url: string;
  /** What clients said of themselves, decoded; null: a request that said nothing. */
  readonly shown: (string | null)[];
  close(): Promise<void>;
}

export interface GitHttpOptions {
  readonly directory: string;
  /** `USER:PASSWORD` that all repositories want. */
  readonly login?: string;
  /** Sends every request elsewhere, with the path behind it. */
  readonly redirect?: string;
}

export async function startGitHttpServer(options: GitHttpOptions): Promise<GitHttpServer> {
  const shown: (string | null)[] = [];
  const server = createServer((request, response) => {
    const login = loginOf(request);
    shown.push(login);
    void answer(options, request, { response, login }).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, shown, close: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

function loginOf({ headers }: IncomingMessage): string | null {
  const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1];
  return basic === undefined ? null : Buffer.from(basic, 'base64').toString();
}

async function answer(
  { directory, login, redirect }: GitHttpOptions,
  request: IncomingMessage,
  told: { readonly response: ServerResponse; readonly login: string | null },
): Promise<void> {
  const { response } = told;
  if (redirect !== undefined) {
    response.writeHead(302, { location: `${redirect}${request.url ?? ''}` }).end();
    return;
  }
  if (login !== undefined && told.login !== login) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  const printed = await buffer(child.stdout);
  const end = printed.indexOf('\r\n\r\n');
  const lines = printed.subarray(0, end).toString().split('\r\n');
  const headers: OutgoingHttpHeaders = {};
  for (const line of lines) headers[line.split(': ')[0]!.toLowerCase()] = line.split(': ')[1];
  const { status = '200', ...others } = headers;
  response.writeHead(Number.parseInt(String(status), 10), others).end(printed.subarray(end + 4));
}
