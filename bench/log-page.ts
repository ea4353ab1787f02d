/**
 * The page of a log of 1,000,000 lines in Chromium, with the built api and a Postgres beside it:
 * when something is seen first, whether or not anybody has read the log before, how long a search
 * over all of it takes, and how many nodes the page has.
 */
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { logPath } from '#adapters/log-store/log-path.js';
import type { Database } from '#adapters/postgres/database.js';
import { startServer } from './child.js';
import { spread } from './contest.js';
import { startFarmDatabase } from './farm-database.js';

const lines = 1_000_000;
/** Each is an attempt whose log nobody has read. */
const rounds = 5;
const expression = encodeURIComponent('ne{2}dle|file-\\d*7\\.c.*absent');
const promised = { paint: 1000, search: 300, nodes: 3000 } as const;

interface Seen {
  readonly paint: number;
  readonly nodes: number;
}

export async function logPageReport(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  const browser = await chromium.launch({
    executablePath: process.env['GAMBESON_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const environment = { DATABASE_URL: farm.url, GAMBESON_DATA: directory, GAMBESON_PORT: '0' };
  const { port, stop } = await startServer('apps/api/main.js', environment);
  try {
    const megabytes = await seed(farm.database, join(directory, 'logs'));
    const address = `http://127.0.0.1:${port}`;
    // Neither the browser's first page nor the program's is what is asked for.
    await look(browser, `${address}/builds/1/log?attempt=${rounds + 1}`);
    const [fresh, again]: [Seen[], Seen[]] = [[], []];
    for (let attempt = 1; attempt <= rounds; attempt += 1) {
      const page = `${address}/builds/1/log?attempt=${attempt}`;
      fresh.push(await look(browser, page));
      // Waits until the index is whole.
      await (await fetch(`${address}/api/v1/builds/1/log/phases?attempt=${attempt}`)).text();
      again.push(await look(browser, page));
    }
    const log = `${address}/api/v1/builds/1/log/search?attempt=1`;
    return [
      `a log of ${lines.toLocaleString('en')} lines, ${megabytes} MB, every line with colours`,
      told('first paint, nobody has read it', paints(fresh), promised.paint),
      told('first paint, its index kept', paints(again), promised.paint),
      told('search for words', await searches(`${log}&q=needle+in`), promised.search),
      told(
        'search for an expression',
        await searches(`${log}&regex=true&q=${expression}`),
        promised.search,
      ),
      `nodes of the page: ${Math.max(...fresh.map(({ nodes }) => nodes))} (≤ ${promised.nodes})`,
    ].join('\n');
  } finally {
    await stop();
    await browser.close();
    await farm.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const paints = (seen: readonly Seen[]): number[] => seen.map(({ paint }) => paint);

function told(name: string, figures: readonly number[], atMost: number): string {
  const { median, least, most } = spread(figures);
  const range = `${least.toFixed(0)}–${most.toFixed(0)}`;
  const kept = median <= atMost ? 'kept' : 'MISSED';
  return `${name}: ${median.toFixed(0)} ms (${range}), ≤ ${atMost} ms ${kept}`;
}

/** A visit until the first lines of the log are drawn, in a browser that has nothing kept. */
async function look(browser: Browser, address: string): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(address);
    await page.waitForSelector('.lines.windowed .line');
    const paint = await page.evaluate<number>(`new Promise((told) => {
      const look = (entries) => {
        const first = entries.find(({ name }) => name === 'first-contentful-paint');
        if (first) told(first.startTime);
      };
      new PerformanceObserver((list) => look(list.getEntries()))
        .observe({ type: 'paint', buffered: true });
    })`);
    const nodes = await page.evaluate<number>(`(() => {
      const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
      let count = 0;
      while (walker.nextNode()) count += 1;
      return count;
    })()`);
    return { paint, nodes };
  } finally {
    await context.close();
  }
}

async function searches(address: string): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const start = performance.now();
    const answer = await fetch(address);
    const { total } = (await answer.json()) as { readonly total: number };
    if (total !== 1) throw new Error(`${address} found ${total}`);
    if (round > 0) figures.push(performance.now() - start);
  }
  return figures;
}

/** One build with its attempts, and the same log for each; answers its megabytes. */
async function seed(database: Database, directory: string): Promise<number> {
  for (const row of rows) await database.execute(row);
  const text = Buffer.from(logText());
  const first = logPath(directory, 'attempt-1');
  await mkdir(dirname(first), { recursive: true });
  await writeFile(first, text);
  for (let attempt = 2; attempt <= rounds; attempt += 1) {
    await link(first, logPath(directory, `attempt-${attempt}`));
  }
  await writeFile(logPath(directory, `attempt-${rounds + 1}`), text.subarray(0, 1e6));
  return Math.round(text.length / 1e6);
}

function logText(): string {
  const all: string[] = [];
  for (let n = 1; n <= lines; n += 1) {
    if (n % 50_000 === 1) all.push(`starting phase \`phase-${n}'`);
    else if (n === 500_123) all.push('a needle in the haystack');
    else if (n === lines - 3) all.push('error: it broke');
    else {
      const flags = '-O2 '.repeat(n % 14);
      const file = `src/module-${n % 977}/file-${n}.c`;
      all.push(`\u001b[32m[${n}]\u001b[0m \u001b[1;34mCC\u001b[0m  ${file} -g ${flags}`);
    }
  }
  return `${all.join('\n')}\n`;
}

const document = `{"name": "bench", "backend": "nix", "channels": [], "systems": ["x86_64-linux"],
  "selection": {"file": "release.nix"}, "priority": 5, "period": 86400, "share": 100,
  "limits": {}, "active": false}`;
const rows = [
  `insert into specifications (name, version) values ('bench', 1)`,
  `insert into specification_versions (specification_id, version, document)
   select id, 1, '${document}' from specifications`,
  `insert into evaluations (specification_id, specification_version, revisions_digest, try, trigger,
     status, ended_at) select id, 1, 'd', 1, 'poll', 'succeeded', now() from specifications`,
  'select ensure_evaluation_partitions(1)',
  `insert into workers (name, credential_hash) values ('bench', '')`,
  `insert into derivations (id, store_id, path, name, package_name, system)
   values (1, 1, lpad('1', 32, '0') || '-p.drv', 'p', 'p', 'x86_64-linux')`,
  `insert into builds (id, evaluation_id, status, started_at, ended_at)
   values (1, 1, 'failed', now(), now())`,
  `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, started_at,
     ended_at, log_bytes) select 1, 1, n, 1, 0, 'failed', now(), now(), 1000
       from generate_series(1, ${rounds + 1}) n`,
];
