/**
 * A contest measures one figure of ours against a floor (the least that any program would pay) in
 * the same run, in turn, so that a machine whose speed drifts treats both alike. Its ratio is what
 * is promised; absolute numbers are printed beside it and depend on the machine.
 */
export interface Side {
  readonly name: string;
  /** One round; answers the figure in the contest's unit. */
  round(): Promise<number>;
}

export interface Contest {
  readonly name: string;
  readonly unit: string;
  /** Which way is good: a rate wants to be high, a time low. */
  readonly better: 'high' | 'low';
  readonly floor: Side;
  readonly contender: Side;
  /** The ratio contender ÷ floor that we promise, when there is a promise. */
  readonly target?: { readonly ratio: number };
  close?(): Promise<void>;
}

export interface Outcome {
  readonly contest: string;
  readonly unit: string;
  readonly floor: Spread;
  readonly contender: Spread;
  readonly ratio: Spread;
  readonly target: string | null;
  readonly kept: boolean | null;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Runs `rounds` counted rounds of both sides after one of each that is not counted. */
export async function hold(
  contest: Contest,
  rounds: number,
  progress: (sentence: string) => void,
): Promise<Outcome> {
  const floor: number[] = [];
  const contender: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    progress(`${contest.name}: round ${round} of ${rounds}`);
    const contenderFirst = round % 2 === 1;
    const first = contenderFirst ? contest.contender : contest.floor;
    const second = contenderFirst ? contest.floor : contest.contender;
    const figures = [await first.round(), await second.round()];
    if (round === 0) continue;
    if (contenderFirst) figures.reverse();
    floor.push(figures[0]!);
    contender.push(figures[1]!);
  }
  const ratio = spread(contender.map((figure, i) => figure / floor[i]!));
  return {
    contest: contest.name,
    unit: contest.unit,
    floor: spread(floor),
    contender: spread(contender),
    ratio,
    target: contest.target
      ? `${contest.better === 'high' ? '≥' : '≤'} ${contest.target.ratio}`
      : null,
    kept: contest.target ? keeps(contest, ratio.median) : null,
  };
}

function keeps(contest: Contest, ratio: number): boolean {
  const wanted = contest.target!.ratio;
  return contest.better === 'high' ? ratio >= wanted : ratio <= wanted;
}

export function spread(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** Seconds that `work` took, by the monotonic clock. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
