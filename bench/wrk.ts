/**
 * Load by wrk, which takes a tenth of what a server of Node takes: a client of Node would measure
 * itself.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned } from './child.js';

export interface WrkLoad {
  readonly port: number;
  /** A Lua expression for the path of the next request. */
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number;
}

/** Requests per second, each answered with 200; any other answer is an error. */
export async function wrkRate(load: WrkLoad): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-wrk-'));
  try {
    const script = join(directory, 'load.lua');
    await writeFile(script, luaOf(load));
    const printed = await run(load, script);
    const rate = /Requests\/sec: +([0-9.]+)/.exec(printed);
    if (!rate || /Non-2xx|Socket errors/.test(printed)) throw new Error(`wrk printed:\n${printed}`);
    return Number(rate[1]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function luaOf({ path }: WrkLoad): string {
  return `
local format, random = string.format, math.random
init = function() math.randomseed(os.time()) end
request = function()
  return format("GET %s HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n", ${path})
end
`;
}

function run({ port, connections, seconds, core }: WrkLoad, script: string): Promise<string> {
  const [command, ...rest] = [
    ...[...pinned(core), 'wrk', '--threads', '1', '--connections', String(connections)],
    ...['--duration', `${seconds}s`, '--script', script, `http://127.0.0.1:${port}/`],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`wrk ended with ${code}: ${printed}`));
    });
  });
}
