/**
 * A farm with 1,000 connected workers and nothing to do: what each of its processes uses, by what
 * the workers do meanwhile. First every worker waits for a build, then every worker runs one (whose
 * lease each heartbeat renews), and at last all are cut off and come again at once.
 */
import { connectIdle, type IdleWorkers } from './idle-workers.js';
import { readyBuilds, startIdleFarm, type IdleFarm } from './idle-farm.js';
import { usageOf, type Usage } from './process-usage.js';

const workers = 1000;
const secret = 'a-secret-of-the-bench';
/** A farm of four worker classes. */
const systems = ['x86_64-linux', 'aarch64-linux', 'i686-linux', 'armv7l-linux'];
/** Longer than three heartbeats: what is paid by the beat is paid evenly. */
const windowSeconds = 30;
const promised = { cores: 0.1, bytes: 300 * 1024 * 1024 };

export async function idleReport(): Promise<string> {
  const farm = await startIdleFarm({ workers, secret });
  try {
    const empty = megabytes((await look(farm)).usage.get('api')!.peakBytes);
    const hands = await connectIdle({ port: farm.port, workers, secret, systems });
    const waiting = await watch(farm, hands, 'each waits for a build');
    await readyBuilds(farm, workers, systems);
    await hands.given(workers);
    const running = await watch(farm, hands, 'each runs a build');
    const storm = await reconnect(farm, hands);
    await hands.close();
    const title = `idle farm, ${workers} connected workers\n`;
    const before = `  before they came the api had ${empty} MB\n`;
    const lost = `  heartbeats that did not renew all they named: ${hands.unrenewed()}\n`;
    return `${title}${before}${waiting}${running}${storm}${lost}`;
  } finally {
    await farm.close();
  }
}

async function watch(farm: IdleFarm, hands: IdleWorkers, what: string): Promise<string> {
  await pause(5);
  hands.slowest();
  const before = await look(farm);
  await pause(windowSeconds);
  const after = await look(farm);
  const waited = hands.slowest();
  const title = `  ${what}: ${perSecond(before, after)}, slowest heartbeat ${seconds(waited)}\n`;
  return title + table(before, after);
}

/** Until the last is welcomed again, and what the farm used for it in all. */
async function reconnect(farm: IdleFarm, hands: IdleWorkers): Promise<string> {
  const before = await look(farm);
  const took = await hands.cut();
  await pause(5);
  const after = await look(farm);
  const lines = [...after.usage].map(([name, usage]) => {
    const used = usage.cpuSeconds - before.usage.get(name)!.cpuSeconds;
    return `    ${name.padEnd(12)} ${used.toFixed(2)} s of one core\n`;
  });
  const title = `  all cut off and back at once: the last is welcomed after ${seconds(took)}\n`;
  return title + lines.join('');
}

interface Look {
  readonly at: number;
  readonly transactions: number;
  readonly usage: ReadonlyMap<string, Usage>;
}

async function look(farm: IdleFarm): Promise<Look> {
  const [row] = await farm.database.query<{ transactions: number }>(
    `select xact_commit::bigint as transactions from pg_stat_database
      where datname = current_database()`,
  );
  const usage = [...farm.processes].map(([name, pid]) => [name, usageOf(pid)] as const);
  return { at: performance.now(), transactions: row!.transactions, usage: new Map(usage) };
}

function table(before: Look, after: Look): string {
  const lines = [...after.usage].map(([name, usage]) => {
    const cores = coresOf(before, after, name);
    const percent = `${(cores * 100).toFixed(1)} %`.padStart(7);
    const resident = `${megabytes(usage.bytes)} MB`.padStart(7);
    const most = `at most ${megabytes(usage.peakBytes)} MB`;
    return `    ${name.padEnd(12)} ${percent} ${resident}  ${most}${verdict(name, cores, usage)}\n`;
  });
  return lines.join('');
}

function verdict(name: string, cores: number, usage: Usage): string {
  if (name !== 'api') return '';
  const kept = cores <= promised.cores && usage.peakBytes <= promised.bytes;
  return ` (≤ 10 % of one core and ≤ 300 MB ${kept ? 'kept' : 'MISSED'})`;
}

function coresOf(before: Look, after: Look, name: string): number {
  const used = after.usage.get(name)!.cpuSeconds - before.usage.get(name)!.cpuSeconds;
  return (used * 1000) / (after.at - before.at);
}

function perSecond(before: Look, after: Look): string {
  const many = ((after.transactions - before.transactions) * 1000) / (after.at - before.at);
  return `${many.toFixed(0)} transactions a second`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function pause(howLong: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, howLong * 1000));
}
