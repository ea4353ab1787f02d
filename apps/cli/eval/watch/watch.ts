/** Looks at an evaluation whenever there is news of it, and shows what it sees. */
import type { JobAnswer } from '#client/generated/evaluations.js';
import type { EvaluationAnswer } from '#client/generated/shared.js';
import { Refused } from '#client/refused.js';
import { sentenceOf } from '#std/farm-fault.js';
import type { FarmApi } from '../../farm-api.js';
import type { Look } from '../../tell/look.js';
import { isOver } from '../evaluation-words.js';
import type { Deadline } from './deadline.js';
import { happeningsOf, lineOf } from './happenings.js';
import { News } from './news.js';
import { Picture } from './picture.js';
import { SnapshotReader, type Snapshot } from './snapshot.js';
import { pictureOf } from './tree.js';

/** Without news it is looked at so often. */
const lookMilliseconds = 5000;
/** However much news there is, not more often than this. */
const restMilliseconds = 500;
const drawMilliseconds = 1000;
const outageMilliseconds = 10 * 60_000;

interface How {
  readonly look: Look;
  readonly json: boolean;
  readonly deadline: Deadline;
}

/** Resolves with the evaluation as it stands when nothing of it is left to build. */
export async function watchEvaluation(
  farm: FarmApi,
  id: string,
  how: How,
): Promise<EvaluationAnswer> {
  const reader = new SnapshotReader(farm.client, id);
  const news = new News(farm.client, `evaluation/${id}`);
  const screen = how.json || !how.look.moving ? new Lines(reader, how.json) : new Tree(how.look);
  const outage = new Outage();
  try {
    for (;;) {
      const snapshot = await outage.survive(() => reader.read());
      if (snapshot !== null) {
        await screen.show(snapshot);
        if (isOver(snapshot.evaluation)) return snapshot.evaluation;
      }
      const wait = (milliseconds: number): number =>
        how.deadline.atMost(milliseconds, `evaluation ${id}`);
      await news.waited(wait(lookMilliseconds));
      await new Promise((resolve) => {
        setTimeout(resolve, wait(restMilliseconds));
      });
    }
  } finally {
    news.close();
    screen.close();
  }
}

/** A farm that is away for a while is waited for, once it has been there. */
class Outage {
  private reached = false;
  private since: number | null = null;

  async survive<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await read();
      this.reached = true;
      this.since = null;
      return answer;
    } catch (error) {
      const final = error instanceof Refused && error.status < 500 && error.status !== 429;
      const first = this.since === null;
      this.since ??= Date.now();
      if (final || !this.reached || Date.now() - this.since > outageMilliseconds) throw error;
      if (first) process.stderr.write(`gambeson: ${sentenceOf(error)}; waiting for it\n`);
      return null;
    }
  }
}

class Lines {
  private before: Snapshot | null = null;

  constructor(
    private readonly reader: SnapshotReader,
    private readonly json: boolean,
  ) {}

  async show(after: Snapshot): Promise<void> {
    const now = new Date();
    const { before } = this;
    const ended = before === null ? [] : await this.ended(before, after);
    for (const happening of happeningsOf({ before, after, ended, now })) {
      const line = this.json
        ? JSON.stringify({ at: now.toISOString(), ...happening })
        : lineOf(happening, now);
      process.stdout.write(`${line}\n`);
    }
    this.before = after;
  }

  close(): void {
    // Nothing is open.
  }

  private async ended(before: Snapshot, after: Snapshot): Promise<JobAnswer[]> {
    const running = new Set(after.running.map(({ job }) => job.id));
    const gone = before.running.filter(({ job }) => !running.has(job.id));
    const now = await Promise.all(gone.map(({ job }) => this.reader.job(job)));
    return now.filter((job) => job !== null);
  }
}

/** Drawn anew each second, since its clocks run. */
class Tree {
  private readonly picture = new Picture(process.stdout);
  private latest: Snapshot | null = null;
  private readonly timer = setInterval(() => this.draw(), drawMilliseconds);

  constructor(private readonly look: Look) {}

  show(snapshot: Snapshot): Promise<void> {
    this.latest = snapshot;
    this.draw();
    return Promise.resolve();
  }

  close(): void {
    clearInterval(this.timer);
    this.picture.end();
  }

  private draw(): void {
    if (this.latest === null) return;
    const { columns = 80, rows = 24 } = process.stdout;
    this.picture.draw(pictureOf(this.latest, { ...this.look, columns, rows }, new Date()));
  }
}
