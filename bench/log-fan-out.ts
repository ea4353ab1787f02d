/**
 * One log that grows as fast as 1,000 can follow it: what the api tells them in a second (the bytes
 * are kept, read again and printed once) against a bare loop that prints each piece and writes it
 * to all. Both sides are one process with its readers, and have as many bytes under way.
 */
import { bareTeller, farmTeller, linesOf, viewers, type Teller } from './log-crowd.js';
import type { Contest } from './contest.js';

/** What a worker sends at once of a log that grows fast: nearly 64 KiB. */
const large = linesOf(546);
/** 4 KiB. */
const small = linesOf(34);
const bytesOfRound = 20 * large.length;
/** Bytes under way at once; a worker's credit is four times as much. */
const windowBytes = 4 * large.length;

/** Megabytes of the log delivered in a second, to all of them together. */
export async function rateOf(gathered: Promise<Teller>, piece = large): Promise<number> {
  const teller = await gathered;
  const { crowd } = teller;
  try {
    const begin = crowd.taken.map((has) => has);
    const pieces = Math.round(bytesOfRound / piece.length);
    const window = Math.round(windowBytes / piece.length);
    const all = pieces * piece.length;
    const start = performance.now();
    for (let at = 0; at < pieces; at += 1) {
      await teller.tell(piece);
      await crowd.reach(Math.min(...begin) + Math.max(0, at - window) * piece.length);
    }
    await crowd.reach(Math.max(...begin) + all);
    return (viewers * all) / 1e6 / ((performance.now() - start) / 1000);
  } finally {
    await teller.close();
  }
}

export const logFanOut = (): Promise<Contest> => contestOf('log-fan-out', large);

export const logFanOutOfSmall = (): Promise<Contest> => contestOf('log-fan-out-small', small);

async function contestOf(name: string, piece: Buffer): Promise<Contest> {
  return {
    name,
    unit: 'MB/s to all viewers',
    better: 'high',
    floor: { name: 'a bare loop', round: () => rateOf(bareTeller(), piece) },
    contender: { name: 'the api’s feed', round: () => rateOf(farmTeller(), piece) },
    target: { ratio: 0.9 },
  };
}
