/** A log that grows, until its build is over; a stream that breaks is taken up where it was. */
import { setTimeout as pause } from 'node:timers/promises';
import { streamBuildLog } from '#client/generated/builds.js';
import { Refused } from '#client/refused.js';
import { isFailed, type BuildStatus } from '#domain/build/status.js';
import { sentenceOf } from '#std/farm-fault.js';
import { exitCodes } from '../exit-codes.js';
import { liveEvents, type ServerEvent } from '../event-stream.js';
import type { Target } from '../farm-targets.js';
import { lookOf, paint } from '../tell/look.js';
import { writeOut } from '../tell/write-out.js';
import type { LogText } from './log-text.js';

const againMilliseconds = 1000;
/** So often in a row may the stream break without a byte before that ends the command. */
const patience = 60;

/** From that byte on. Leaves exit status 1 behind when the build did not succeed. */
export async function followLog(target: Target, from: number, shown: LogText): Promise<void> {
  const following = new Following(target, from, shown);
  let broken = 0;
  while (!following.over) {
    const before = following.from;
    try {
      await following.once();
    } catch (error) {
      // The first connection has to succeed; later ones wait for the farm to come back.
      const refused = error instanceof Refused && error.status < 500;
      if (refused || !following.reached || broken >= patience) throw error;
      if (broken === 0) process.stderr.write(`gambeson: ${sentenceOf(error)}; trying again\n`);
    }
    broken = following.from === before ? broken + 1 : 0;
    if (!following.over) await pause(againMilliseconds);
  }
}

class Following {
  over = false;
  reached = false;
  private attempt: string | null = null;

  constructor(
    private readonly target: Target,
    public from: number,
    private readonly shown: LogText,
  ) {}

  /** Until the stream ends, which it may before the build does. */
  async once(): Promise<void> {
    const { farm, id, attempt } = this.target;
    // Only an attempt that was asked for ends the stream with itself.
    const query = { from: this.from, ...(attempt !== undefined && { attempt }) };
    const ending = new AbortController();
    const input = { path: { id }, query, signal: ending.signal };
    const answer = await streamBuildLog(farm.client, input);
    this.reached = true;
    for await (const event of liveEvents(answer.body, ending)) {
      await this.take(event);
      if (this.over) return;
    }
  }

  private async take({ event, data, id }: ServerEvent): Promise<void> {
    const said: unknown = JSON.parse(data);
    if (event === 'attempt') this.begin(said as { attempt?: string; number: number });
    if (event === 'log') await writeOut(this.shown.shown(String(said)));
    if (event === 'end') this.end(said as { status: BuildStatus; reason: string | null });
    if (id !== '') this.from = Number(id);
  }

  private begin(said: { attempt?: string; number: number }): void {
    const { attempt = null, number } = said;
    if (this.attempt !== null && attempt !== this.attempt) {
      process.stderr.write(`gambeson: attempt ${number} begins\n`);
    }
    this.attempt = attempt;
  }

  private end({ status, reason }: { status: BuildStatus; reason: string | null }): void {
    const look = lookOf(process.stderr, process.env);
    const words = `build ${this.target.id} ${status}${reason === null ? '' : `: ${reason}`}`;
    process.stderr.write(`${paint(look, isFailed(status) ? 'bad' : 'good', words)}\n`);
    if (status !== 'succeeded') process.exitCode = exitCodes.unwell;
    this.over = true;
  }
}
