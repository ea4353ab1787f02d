/**
 * Asks the API about builds at random, all the while: whoever waits must be told why. A build may
 * move on between two of the reader's questions, so one without a reason is asked about again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BuildAnswer } from '#protocol/api/build.js';
import { stubbornly } from './stubbornly.js';

const askedAgain = 3;
const pauseMilliseconds = 40;

export interface WaitsSeen {
  asked: number;
  /** Reason → how often it was told. */
  readonly reasons: Map<string, number>;
  estimated: number;
  readonly silent: string[];
  slowestMillis: number;
}

export class WaitWatch {
  readonly seen: WaitsSeen = {
    ...{ asked: 0, reasons: new Map(), estimated: 0, silent: [], slowestMillis: 0 },
  };
  private stopping = false;
  private readonly running: Promise<void>;

  /** `addresses` are those of the apis; `draw` gives the number of some build. */
  constructor(
    private readonly addresses: readonly string[],
    private readonly draw: () => number,
  ) {
    this.running = this.watch();
  }

  /** Throws what went wrong while it asked. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async watch(): Promise<void> {
    while (!this.stopping) {
      await this.ask(this.draw());
      await pause(pauseMilliseconds);
    }
  }

  private async ask(build: number): Promise<void> {
    for (let time = 1; time <= askedAgain; time += 1) {
      const answer = await this.read(build);
      if (answer?.status !== 'scheduled') return;
      if (answer.wait && answer.wait.sentence !== '') return this.note(answer, answer.wait.reason);
    }
    this.seen.silent.push(String(build));
  }

  private note(answer: BuildAnswer, reason: string): void {
    const { reasons } = this.seen;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (answer.estimate) this.seen.estimated += 1;
  }

  /** Null for a build that is not there yet. */
  private async read(build: number): Promise<BuildAnswer | null> {
    this.seen.asked += 1;
    const address = this.addresses[this.seen.asked % this.addresses.length]!;
    const begun = performance.now();
    const answer = await stubbornly(() => fetch(`${address}/api/v1/builds/${build}`));
    const body = (await answer.json()) as BuildAnswer;
    this.seen.slowestMillis = Math.max(this.seen.slowestMillis, performance.now() - begun);
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`build ${build}: ${answer.status} ${JSON.stringify(body)}`);
    return body;
  }
}
