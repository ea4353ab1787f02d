/** Writes down who changed what, chained so that nobody alters it unseen. */
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AuditStore, type BegunChange } from '#adapters/postgres/audit-store.js';
import { Database } from '#adapters/postgres/database.js';
import type { Action, Actor } from '#domain/access/actor.js';
import type { AuditActor, AuditOutcome } from '#domain/access/audit-chain.js';
import { masked } from '#domain/access/masked.js';
import { sentenceOf } from '#std/farm-fault.js';

export interface Change {
  readonly before?: unknown;
  readonly after?: unknown;
  /** What was asked for; absent: told by `after`. */
  readonly asked?: unknown;
}

export interface Deed extends Change {
  readonly action: Action;
  /** KIND/NAME. */
  readonly subject: string;
}

export interface Began extends BegunChange {
  readonly number: number;
}

/** No request takes so long: what is still under way then was left by a process that died. */
const forgottenSeconds = 600;

@Injectable()
export class Audit implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly store: AuditStore;
  private readonly logger = new Logger('audit');
  private timer: NodeJS.Timeout | undefined;

  constructor(database: Database) {
    this.store = new AuditStore(database);
  }

  /** A change that was made where no handler stands behind `Requires`. Masks secrets. */
  async record(actor: Actor, deed: Deed): Promise<void> {
    const { action, subject, before = null, after = null, asked = null } = deed;
    await this.store.append({
      ...{ actor: writtenActor(actor), action, subject, outcome: 'done' },
      ...{ asked: masked(asked), before: masked(before), after: masked(after) },
    });
  }

  /** Before a change: from here on it is written down whatever happens. */
  async begin(change: Omit<BegunChange, 'actor'>, actor: Actor): Promise<Began> {
    const begun = { ...change, actor: writtenActor(actor), asked: masked(change.asked) };
    return { ...begun, number: await this.store.begin(begun) };
  }

  async end(
    { number, ...begun }: Began,
    outcome: AuditOutcome,
    change: Change & { readonly subject?: string | undefined },
  ): Promise<void> {
    const { before = null, after = null, subject = begun.subject } = change;
    const entry = { ...begun, subject, outcome, before: masked(before), after: masked(after) };
    await this.store.append(entry, number);
  }

  /** It was refused, so that nothing was changed. */
  async forget({ number }: Began): Promise<void> {
    await this.store.forget(number);
  }

  onApplicationBootstrap(): void {
    void this.settle();
    this.timer = setInterval(() => void this.settle(), forgottenSeconds * 1000);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async settle(): Promise<void> {
    try {
      const settled = await this.store.settleForgotten(forgottenSeconds);
      if (settled > 0) this.logger.warn(`${settled} changes whose end nobody told are written`);
    } catch (error) {
      this.logger.warn(`what was under way stays so: ${sentenceOf(error)}`);
    }
  }
}

function writtenActor({ name, via, role, token, fingerprint }: Actor): AuditActor {
  const written = masked(name);
  return {
    name: typeof written === 'string' ? written : '',
    ...{ via, role, fingerprint, token: token === null ? null : String(token) },
  };
}
