/**
 * `gambeson up`: starts the farm, tells where it is, watches the demo, stops it all on a signal.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpecification } from '#client/generated/specifications.js';
import { freePort } from '#adapters/postgres/embedded.js';
import { readSecret } from '#adapters/system/secret.js';
import { readFile } from 'node:fs/promises';
import { sentenceOf } from '#std/farm-fault.js';
import { exitCodeOf, exitCodes } from '../exit-codes.js';
import { farmApiOf } from '../farm-api.js';
import { bodyOf } from '../spec/specifications-of-farm.js';
import { openDataDirectory } from './data-directory.js';
import { chooseBackend, demoName, demoSpecification, ensureDemoChannel } from './demo-channel.js';
import { DemoWatch, findSpecification, summaryOf } from './demo-watch.js';
import { Farm } from './farm.js';
import { addressOf, type Addresses, type Site } from './layout.js';
import { createNarrator, type Narrator } from './narrator.js';
import { choosePort, type PortWish } from './ports.js';
import type { UpOptions } from './up-command.js';

const programs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Resolves with the exit status when everything has stopped. */
export async function bringUp(options: UpOptions): Promise<number> {
  const narrator = createNarrator(options);
  const data = await openDataDirectory(options.data);
  const farm = new Farm(options, data, narrator);
  const ending = new AbortController();
  const onSignal = (): void => {
    if (!ending.signal.aborted) narrator.say('stopping (workers hand their builds back)');
    ending.abort();
    void farm.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  try {
    return await run(options, { farm, narrator, signal: ending.signal });
  } catch (error) {
    if (ending.signal.aborted) return 0;
    process.stderr.write(`gambeson: ${sentenceOf(error)}\n`);
    return exitCodeOf(error);
  } finally {
    await farm.stop();
    await data.release();
    narrator.say('stopped');
  }
}

interface Stage {
  readonly farm: Farm;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

async function run(options: UpOptions, stage: Stage): Promise<number> {
  const { farm, narrator, signal } = stage;
  const backend = options.demo ? await chooseBackend(options.backend) : null;
  const { redisPort, ...ports } = await choosePorts(options, narrator);
  narrator.say('starting the database and the queue');
  const [databaseUrl, redisUrl, channel] = await allOf([
    farm.startDatabase(),
    farm.startQueue(redisPort),
    backend ? ensureDemoChannel(options.data, backend) : Promise.resolve(null),
  ]);
  const { data, leaseSeconds } = options;
  const site: Site = { data, ports, databaseUrl, redisUrl, leaseSeconds, programs };
  narrator.say('starting api, substituter, coordinator and evaluator');
  await farm.startApps(site);
  const token = await readSecret(adminTokenFile(data));
  const { client } = farmApiOf(addressOf(ports.api), () => Promise.resolve(token));
  if (channel && !(await findSpecification(client, demoName))) {
    await createSpecification(client, { body: bodyOf(demoSpecification(channel)) });
  }
  if (options.workers > 0) narrator.say(`starting ${options.workers} worker(s)`);
  await farm.startWorkers(site, client);
  const publicKey = (await readFile(join(data, 'signing-key.pub'), 'utf8')).trim();
  tellUp({ site, publicKey, workTree: channel?.workTree ?? null }, narrator);
  if (!channel) return untilAborted(signal);
  const from = addressOf(ports.substituter);
  const watch = new DemoWatch(client, narrator, {
    fetchCommand: (path) =>
      channel.backend === 'nix' ? fetchCommand(from, publicKey, path) : narinfoCommand(from, path),
    needsWorker: options.untilSettled && options.workers === 0,
  });
  const settled = await watch.untilSettled(signal);
  if (settled) {
    const text = `${summaryOf(settled)}\n`;
    narrator.say('the demo is settled');
    narrator.fact('settled', { jobs: settled }, text);
  }
  return options.untilSettled ? exitCodes[settled ? 'well' : 'unwell'] : untilAborted(signal);
}

async function choosePorts(
  options: UpOptions,
  narrator: Narrator,
): Promise<Addresses & { redisPort: number }> {
  const taken = new Set<number>();
  const choose = async (of: string, fallback: number, asked?: number): Promise<number> => {
    const wish: PortWish = { of, fallback, asked };
    const { port, note } = await choosePort(wish, taken);
    if (note) narrator.say(note);
    return port;
  };
  return {
    api: await choose('dashboard and API', 8081, options.port),
    substituter: await choose('substituter', 3000, options.substituterPort),
    // Nobody needs to know these beforehand, so any free port will do.
    coordinator: 0,
    evaluator: 0,
    redisPort: await freePort(),
  };
}

interface Up {
  readonly site: Site;
  readonly publicKey: string;
  readonly workTree: string | null;
}

function tellUp(up: Up, narrator: Narrator): void {
  const { site, publicKey, workTree } = up;
  const values = {
    dashboard: addressOf(site.ports.api),
    substituter: addressOf(site.ports.substituter),
    adminTokenFile: adminTokenFile(site.data),
    publicKey,
    workTree,
  };
  const rows = [
    ['Dashboard', values.dashboard],
    ['Substitutes', values.substituter],
    ['Public key', publicKey],
    ['Admin token', `in the file ${values.adminTokenFile}`],
    ...(workTree ? [['Demo channel', `${workTree} (commit there, then git push)`]] : []),
  ];
  const text = rows.map(([name, value]) => `  ${name!.padEnd(13)} ${value}`).join('\n');
  narrator.say('the farm is up; Ctrl-C stops it');
  narrator.fact('up', values, `\n${text}\n`);
}

/** What Nix does not know is asked for by its narinfo, which says where the nar is. */
function narinfoCommand(from: string, path: string): string {
  const hash = path.slice('/gambeson/store/'.length).split('-')[0];
  return `curl ${from}/local/${hash}.narinfo`;
}

/** Into a store of its own, which may be deleted; nothing of the system's Nix is touched. */
function fetchCommand(from: string, publicKey: string, path: string): string {
  return (
    `nix --extra-experimental-features nix-command copy --from ${from} ` +
    `--to /tmp/gambeson-fetched ${path} --option trusted-public-keys '${publicKey}'`
  );
}

function adminTokenFile(data: string): string {
  return join(data, 'secrets', 'admin-token');
}

/**
 * Like Promise.all, but throws only when all have ended, so that what was started can be stopped.
 */
async function allOf<A, B, C>(
  promises: readonly [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function untilAborted(signal: AbortSignal): Promise<number> {
  if (signal.aborted) return Promise.resolve(0);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(0), { once: true });
  });
}
