/**
 * How long every page of the dashboard takes over HTTP and how many bytes it sends, by the built
 * api, over the farm of ten million builds that `cuirass-api` is measured with, and one evaluation
 * of 150,000 jobs. The promise is 100 ms for 99 of 100, and 60 KiB gzipped.
 */
import { gzipSync } from 'node:zlib';
import { letIn } from './administration-routes.js';
import { overKeptFarm } from './cuirass-api.js';
import { measure, type Asked, type Latency } from './cuirass-measure.js';
import { takeSamples, type MeasuredRoute } from './cuirass-routes.js';
import { allPages, takePageSamples } from './page-routes.js';
import { SeededChance } from './seeded-chance.js';
import { completeFarm } from './ten-million-whole.js';

const promisedMilliseconds = 100;
const promisedBytes = 60 * 1024;
/** So many answers of each page are compressed; the largest is told. */
const weighed = 5;

export interface PageFigure extends Latency {
  /** Bytes of the largest answer, gzipped. */
  readonly gzipped: number;
}

export function pagesReport(): Promise<string> {
  return overKeptFarm(letIn, async (asked) => pageTable(await measurePages(asked)));
}

export async function measurePages(asked: Asked): Promise<PageFigure[]> {
  const chance = new SeededChance(1);
  const { whole } = await completeFarm(asked.database);
  const samples = await takeSamples(asked.database, chance);
  // Parts of names, with commas between.
  const only = (process.env['GAMBESON_BENCH_PAGE'] ?? '').split(',');
  const routes = allPages(await takePageSamples(asked.database, samples, whole), chance);
  const told: PageFigure[] = [];
  for (const route of routes.filter(({ name }) => only.some((part) => name.includes(part)))) {
    const gzipped = await weigh(asked, route);
    const figure = { ...(await measure(asked, route)), gzipped };
    asked.tell(rowOf(figure));
    told.push(figure);
  }
  return told;
}

async function weigh({ host, port }: Asked, route: MeasuredRoute): Promise<number> {
  let most = 0;
  for (let n = 0; n < weighed; n += 1) {
    const answer = await fetch(`http://${host}:${port}${route.path()}`, {
      headers: { accept: 'text/html' },
    });
    most = Math.max(most, gzipSync(Buffer.from(await answer.arrayBuffer())).length);
  }
  return most;
}

export function pageTable(figures: readonly PageFigure[]): string {
  const times = `${'p50'.padStart(9)} ${'p99'.padStart(9)}`;
  const head = `  ${'page'.padEnd(40)} ${times}   gzipped\n`;
  return head + figures.map((figure) => `${rowOf(figure)}\n`).join('');
}

function rowOf({ name, p50, p99, requests: asked, gzipped, wrong }: PageFigure): string {
  const late = p99 > promisedMilliseconds ? `  OVER 100 ms (${asked} requests)` : '';
  const large = gzipped > promisedBytes ? '  OVER 60 KiB' : '';
  const times = [p50, p99].map((time) => `${time.toFixed(1)} ms`.padStart(9)).join(' ');
  const size = `${(gzipped / 1024).toFixed(1).padStart(6)} KiB`;
  const answered = wrong === null ? '' : `  ANSWERED ${wrong}`;
  return `  ${name.padEnd(40)} ${times} ${size}${late}${large}${answered}`;
}
