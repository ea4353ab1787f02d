/**
 * How long a piece of a log takes from the worker's gateway to 1,000 who follow it, while the log
 * grows half as fast as the api can tell it. Every tenth of them is asked for each piece.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { spread } from './contest.js';
import { farmTeller, linesOf, viewers } from './log-crowd.js';
import { rateOf } from './log-fan-out.js';

const rounds = 3;
const seconds = 8;
/** 4 KiB, as a busy build says them in some milliseconds. */
const piece = linesOf(34);
const askedEach = 10;
const promisedMilliseconds = 500;
const mark = '#';
const markLength = 7;

export async function logLagReport(): Promise<string> {
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) rates.push(await rateOf(farmTeller()));
  // The first one finds a program that is not warm: no crowd would be asked of it alone.
  rates.shift();
  const saturation = spread(rates).median;
  const piecesPerSecond = (saturation * 1e6) / viewers / piece.length / 2;
  const lags = (await lagsAt(piecesPerSecond)).sort();
  const share = (of: number): number => lags[Math.ceil(lags.length * of) - 1]!;
  const kept = share(0.99) <= promisedMilliseconds ? 'kept' : 'MISSED';
  return [
    `${viewers} viewers of one log at half of ${saturation.toFixed(0)} MB/s (${lags.length} lags)`,
    [0.5, 0.99, 1].map((of) => `p${of * 100} ${share(of).toFixed(0)} ms`).join('  '),
    `≤ ${promisedMilliseconds} ms for 99 of 100: ${kept}`,
  ].join('\n');
}

async function lagsAt(piecesPerSecond: number): Promise<Float64Array> {
  const teller = await farmTeller();
  const pieces = Math.ceil(seconds * piecesPerSecond);
  const said = new Float64Array(pieces);
  const lags: number[] = [];
  try {
    teller.crowd.sockets.forEach((socket, at) => {
      if (at % askedEach !== 0) return;
      let next = 0;
      socket.on('data', (bytes) => {
        const now = performance.now();
        for (const last = lastMark(bytes); next <= last; next += 1) lags.push(now - said[next]!);
      });
    });
    const start = performance.now();
    for (let at = 0; at < pieces; at += 1) {
      await pause(Math.max(0, start + (at * 1000) / piecesPerSecond - performance.now()));
      said[at] = performance.now();
      await teller.tell(marked(at));
    }
    const all = Math.ceil(viewers / askedEach) * pieces;
    const late = performance.now() + 30_000;
    while (lags.length < all && performance.now() < late) await pause(10);
    if (lags.length < all) throw new Error(`${all - lags.length} pieces never came`);
    return new Float64Array(lags);
  } finally {
    await teller.close();
  }
}

function marked(at: number): Buffer {
  const end = Buffer.from(`${mark}${String(at).padStart(markLength - 1, '0')}\n`);
  return Buffer.concat([piece.subarray(0, piece.length - end.length), end]);
}

/** The number of the last piece that ends in these bytes; -1 for none. */
function lastMark(bytes: Buffer): number {
  let at = bytes.lastIndexOf(mark);
  if (at > bytes.length - markLength) at = at === 0 ? -1 : bytes.lastIndexOf(mark, at - 1);
  return at === -1 ? -1 : Number(bytes.toString('latin1', at + 1, at + markLength));
}
