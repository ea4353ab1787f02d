/**
 * A nar of 10 MB over four connections. Behind nginx the substituter looks, notes the read and
 * leaves the file to it (X-Accel-Redirect), against the same nginx that serves it as a static file;
 * without nginx it sends the file itself, against a bare pipe of Node. Servers have one core, wrk
 * the other; the nginx before the substituter shares its core with it.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from './child.js';
import { spread } from './contest.js';
import { startFarmDatabase } from './farm-database.js';
import { seedPaths } from './narinfo-seed.js';
import { startNginx } from './nginx-static.js';
import { wrkRate } from './wrk.js';

const megabytes = 10;
const bytes = megabytes * 1024 * 1024;
const rounds = 3;
const [serverCore, clientCore] = [0, 1];
const key = `${'1'.padStart(52, '0')}.nar.zst`;

interface Field {
  readonly bare: Server;
  readonly substituter: Server;
  readonly nginx: Server;
  close(): Promise<void>;
}

type Sides = Record<'static' | 'accel' | 'pipe' | 'sent', number[]>;

export async function narReport(): Promise<string> {
  const field = await prepare();
  try {
    const told: Sides = { static: [], accel: [], pipe: [], sent: [] };
    for (let round = 0; round <= rounds; round++) {
      const turn: [keyof Sides, number][] = [
        ['static', await rate(field.nginx, `/static/${key}`)],
        ['accel', await rate(field.nginx, `/nar/${key}`)],
        ['pipe', await rate(field.bare, '/')],
        ['sent', await rate(field.substituter, `/nar/${key}`)],
      ];
      if (round > 0) for (const [side, value] of turn) told[side].push(value);
    }
    return report(told);
  } finally {
    await field.close();
  }
}

async function prepare(): Promise<Field> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const folder = join(directory, 'nars', 'files', key.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, key), Buffer.alloc(bytes, 'nar '));
  const farm = await startFarmDatabase();
  await seedPaths(farm.database, 100);
  await farm.database.execute('update nars set file_size = $1', [bytes]);
  const environment = {
    DATABASE_URL: farm.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
    GAMBESON_ACCEL_PREFIX: '/kept',
    GAMBESON_SCRUB_MB_PER_SECOND: '0',
  };
  const substituter = await startServer('apps/substituter/main.js', environment, serverCore);
  const file = { FILE: join(folder, key), BODY_BYTES: String(bytes) };
  const bare = await startServer('bench/bare-server.js', file, serverCore);
  const more = locations(join(directory, 'nars'), substituter.port);
  const nginx = await startNginx({ directory, core: serverCore, more });
  const close = async (): Promise<void> => {
    await Promise.all([substituter, bare, nginx].map((server) => server.stop()));
    await farm.stop();
    await rm(directory, { recursive: true });
  };
  return { bare, substituter, nginx, close };
}

function locations(nars: string, port: number): string {
  return `
    location /static/ { alias ${nars}/files/${key.slice(0, 2)}/; }
    location /kept/ { internal; alias ${nars}/; }
    location /nar/ {
      proxy_pass http://127.0.0.1:${port};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Gambeson-Accel 1;
    }`;
}

/** Megabytes a second. */
async function rate({ port }: Server, path: string): Promise<number> {
  const load = { connections: 4, seconds: 2, core: clientCore, path: `"${path}"` };
  return megabytes * (await wrkRate({ ...load, port }));
}

function report(told: Sides): string {
  const row = (name: string, ours: number[], against: [string, number[]]): string => {
    const [floorName, floor] = against;
    const { median, least, most } = spread(ours.map((value, round) => value / floor[round]!));
    const ratio = `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
    const speed = Math.round(spread(ours).median).toLocaleString('en').padStart(6);
    return `  ${name.padEnd(40)} ${speed} MB/s   ${ratio} of ${floorName}\n`;
  };
  return (
    `a nar of ${megabytes} MB, 4 connections\n` +
    row('nginx, a static file', told.static, ['itself', told.static]) +
    row('substituter behind nginx, X-Accel', told.accel, ['nginx', told.static]) +
    row('a bare pipe of Node', told.pipe, ['itself', told.pipe]) +
    row('substituter without nginx', told.sent, ['the pipe', told.pipe])
  );
}
