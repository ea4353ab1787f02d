/**
 * What the substituter does about upstreams beside serving: it fetches what need not be built, and
 * asks anew for what is relied on. Every process of the farm takes part; what one has claimed no
 * other looks at.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { PostgresBus } from '#adapters/postgres/bus.js';
import { PostgresBeliefStore } from '#adapters/postgres/belief-store.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresMirrorShelf } from '#adapters/postgres/mirror-shelf.js';
import { PostgresSubstitutionStore } from '#adapters/postgres/substitution-store.js';
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import { PostgresWaitingBuilds } from '#adapters/postgres/waiting-builds.js';
import { UpstreamHttp } from '#adapters/upstream/upstream-http.js';
import { askForWaiting, type WaitingParts } from '#application/ask-for-waiting.js';
import { UpstreamQuestions } from '#application/ask-upstreams.js';
import { ClosureMirror } from '#application/mirror-closure.js';
import type { StartMeter } from '#application/ports/nar-meter.js';
import type { NarStore } from '#application/ports/nar-store.js';
import { renewBeliefs, type RenewParts } from '#application/renew-beliefs.js';
import {
  BuildSubstituter,
  claimSeconds,
  type SubstituteParts,
} from '#application/substitute-builds.js';
import type { BuildId } from '#domain/ids.js';
import { InvariantBroken } from '#std/invariant.js';
import { sentenceOf } from '#std/farm-fault.js';
import { Loop } from '../background/loop.js';

export interface MirrorParts {
  readonly database: Database;
  readonly nars: NarStore;
  readonly startMeter: StartMeter;
}

const fetchTick = 1000;
const holdTick = 60_000;
const renewTick = 5000;
const waitingTick = 10_000;
const claimTick = (claimSeconds * 1000) / 4;

export class Mirror {
  private readonly logger = new Logger('mirror');
  private readonly client: UpstreamHttp;
  private readonly bus: PostgresBus;
  private readonly parts: SubstituteParts & RenewParts & WaitingParts;
  private asked: BuildId | null = null;
  private readonly loops: readonly Loop[];

  constructor({ database, nars, startMeter }: MirrorParts) {
    const upstreams = new PostgresUpstreamStore(database);
    const client = new UpstreamHttp({
      onHealth: ({ id, url }, fault) => {
        this.logger.warn(fault === null ? `${url} answers again` : `${url} fails: ${fault}`);
        void upstreams.noteHealth(id, fault).catch(() => undefined);
      },
    });
    const questions = new UpstreamQuestions({
      ...{ store: upstreams, client, now: () => performance.now() },
    });
    const shelf = new PostgresMirrorShelf(database);
    this.client = client;
    // Where the bus is Redis nobody listens here: the planner looks every second.
    this.bus = new PostgresBus(database);
    this.parts = {
      ...{ upstreams, questions, client, bus: this.bus },
      store: new PostgresSubstitutionStore(database, randomUUID()),
      beliefs: new PostgresBeliefStore(database),
      waiting: new PostgresWaitingBuilds(database),
      mirror: new ClosureMirror({ upstreams, questions, client, shelf, nars, startMeter }),
      tell: (sentence) => this.logger.warn(sentence),
    };
    const builds = new BuildSubstituter(this.parts);
    this.loops = [
      this.loop('substitute-builds', fetchTick, () => builds.pass()),
      this.loop('renew-claims', claimTick, () => this.renewClaims()),
      this.loop('hold-builds', holdTick, () => this.hold()),
      this.loop('ask-for-waiting', waitingTick, () => this.askForWaiting()),
      this.loop('renew-beliefs', renewTick, () => renewBeliefs(this.parts)),
    ];
  }

  start(): void {
    for (const loop of this.loops) loop.wake();
  }

  /** Fetches under way are given some time, and else fetched again by whoever comes next. */
  async stop(): Promise<void> {
    const ended = Promise.all(this.loops.map((loop) => loop.stop()));
    await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
    await this.bus.close();
    await this.client.close();
  }

  private async renewClaims(): Promise<boolean> {
    await this.parts.store.renewClaims(claimSeconds);
    return false;
  }

  /** A page at a time, since what is asked for is the work of others. */
  private async askForWaiting(): Promise<boolean> {
    this.asked = await askForWaiting(this.parts, this.asked);
    return false;
  }

  private async hold(): Promise<boolean> {
    await this.parts.store.hold();
    return false;
  }

  private loop(name: string, tickMilliseconds: number, pass: () => Promise<boolean>): Loop {
    const fault = (error: unknown): void => {
      if (error instanceof InvariantBroken) process.exit(70);
      this.logger.error(`${name}: ${sentenceOf(error)}`);
    };
    return new Loop({ tickMilliseconds, pass, fault });
  }
}
