/** nginx that serves a directory, as fast as it can: the limit of what a server may reach. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pinned, type Server } from './child.js';

export interface NginxPlace {
  /** Where its own files are made; what it serves lies in `root` below. */
  readonly directory: string;
  readonly core?: number;
  /** Lines of the server block. */
  readonly more?: string;
}

export async function startNginx({ directory, core, more = '' }: NginxPlace): Promise<Server> {
  const port = await freePort();
  await mkdir(join(directory, 'root'), { recursive: true });
  const file = join(directory, 'nginx.conf');
  await writeFile(file, configuration(directory, port, more));
  const [command, ...rest] = [...pinned(core), 'nginx', '-c', file, '-p', directory];
  const child = spawn(command!, rest, { stdio: ['ignore', 'inherit', 'inherit'] });
  await listening(port);
  return {
    port,
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function configuration(directory: string, port: number, more: string): string {
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=20000 inactive=600s;
  open_file_cache_valid 600s;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${directory}/root;
    default_type text/x-nix-narinfo;
    ${more}
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; ;) {
    const socket = connect(port, '127.0.0.1');
    const stands = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (stands) return;
    if (Date.now() > deadline) throw new Error('nginx does not listen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
