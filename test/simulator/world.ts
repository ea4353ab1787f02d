/**
 * The world of one seed: its time, its chance, its database, and the eyes on it. Calls of processes
 * go through here: they take time, are undone, or are done and never answered, and after each the
 * promises are checked.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { FarmRows, FarmSubject } from '#testkit/farm-subject.js';
import { Broken } from './broken.js';
import { checkChange, type Call } from './change-promises.js';
import { Chance } from './chance.js';
import { IntentWatch } from './intent-promises.js';
import { PlannerWatch } from './planner-promises.js';
import { PresenceWatch } from './presence-promise.js';
import type { Odds, Scenario } from './scenario.js';
import { checkState, FarmView } from './state-promises.js';
import { Timeline, type Owner } from './timeline.js';

const beginning = Date.UTC(2026, 10, 20);
const kind: Odds = {
  ...{ lost: 0, doubled: 0, late: 0, aborted: 0, unheard: 0, farmFault: 0, lie: 0 },
  ...{ blowSeconds: Infinity, actSeconds: Infinity },
};
/** Calls that change nothing; the others are looked at. */
const readers = new RegExp(
  '^(graph|jobs)\\.|\\.(workers|outstanding|shares|avoided|known|find|holder|expired|beat|' +
    'next|fallen|suspects)$',
);

export class World {
  readonly timeline = new Timeline();
  readonly chance: Chance;
  /** Outlives everything. */
  readonly fate: Owner = { name: 'fate', alive: true };
  broken: Broken | null = null;
  /** No more faults: from here on everything must come to its end. */
  isCalm = false;
  /** The database answers nobody until then, in seconds. */
  outageUntil = 0;
  readonly trace: string[] = [];
  /** Milliseconds by which the database's clock is off. */
  private skew = 0;
  private view: FarmView | null = null;
  private seenVersion = -1;
  private looking: Promise<void> = Promise.resolve();
  private readonly presence = new PresenceWatch();
  private readonly intents = new IntentWatch();
  readonly planners: PlannerWatch;
  private traps: { readonly label: RegExp; readonly spring: (by: string) => void }[] = [];

  constructor(
    readonly scenario: Scenario,
    readonly subject: FarmSubject,
    private readonly options: { readonly seed: number; readonly keepTrace: boolean },
  ) {
    this.chance = new Chance(`world ${options.seed}`);
    this.planners = PlannerWatch.of(scenario);
  }

  get odds(): Odds {
    return this.isCalm ? kind : this.scenario.odds;
  }

  /** By the database's clock. */
  get databaseNow(): number {
    return beginning + Math.round(this.timeline.now * 1000) + this.skew;
  }

  get rows(): FarmRows {
    return this.view!.rows;
  }

  async begin(): Promise<void> {
    await this.subject.setClock(this.databaseNow);
    await this.look(null);
  }

  /** False when nothing more happens, or a promise is broken. */
  async step(): Promise<boolean> {
    const goesOn = await this.timeline.step(() => this.subject.setClock(this.databaseNow));
    return goesOn && this.broken === null;
  }

  skewClock(milliseconds: number): void {
    this.skew += milliseconds;
  }

  /** Springs once, right after the next such call was carried out and before it is answered. */
  trap(label: RegExp, spring: (by: string) => void): void {
    this.traps.push({ label, spring });
  }

  note(sentence: () => string): void {
    if (!this.options.keepTrace) return;
    this.trace.push(`${this.timeline.now.toFixed(3)} ${sentence()}`);
  }

  break(error: unknown): void {
    if (error instanceof Broken) this.broken ??= error;
    else this.broken ??= new Broken('no use case throws', String((error as Error)?.stack ?? error));
  }

  /** Work of a process. The world failing is a part of life; anything else is a bug. */
  async spare(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof FarmFault)) this.break(error);
    }
  }

  spareNow(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.break(error);
    }
  }

  latency(): number {
    const { chance } = this;
    return chance.odds(this.odds.late) ? chance.between(0.1, 3) : chance.between(0.001, 0.02);
  }

  /** A statement of a process that dies may still be carried out. */
  call<T>(owner: Owner, label: string, work: { args: readonly unknown[]; run: () => Promise<T> }) {
    return new Promise<T>((resolve, reject) => {
      const answer = (give: () => void): void => this.timeline.after(this.latency(), owner, give);
      const fault = (): void =>
        reject(new FarmFault('database-unavailable', 'Postgres does not answer', 'now'));
      const carryOut = async (): Promise<void> => {
        if (this.isAborted()) {
          this.note(() => `${owner.name} ${label} is undone`);
          return answer(fault);
        }
        try {
          const value = await work.run();
          await this.look({ by: owner.name, label, args: work.args, value });
          this.springTraps(owner, label);
          const isHeard = !this.chance.odds(this.odds.unheard);
          this.note(() => `${owner.name} ${told(label, work.args, value)}${isHeard ? '' : ' ?'}`);
          answer(isHeard ? () => resolve(value) : fault);
        } catch (error) {
          this.note(() => `${owner.name} ${label} throws ${String(error)}`);
          answer(() => reject(error as Error));
        }
      };
      const whose = this.chance.odds(0.5) ? this.fate : owner;
      this.timeline.after(this.latency(), whose, carryOut);
    });
  }

  /** What happens to the database from outside, as an event of its own. */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.timeline.after(0, this.fate, async () => {
        await work().then(resolve, reject);
        await this.look(null);
      });
    });
  }

  /** Looks at the farm after a call; at anything done outside of calls with null. One at a time. */
  look(call: Call | null): Promise<void> {
    this.looking = this.looking.then(() => this.lookNow(call));
    return this.looking;
  }

  private async lookNow(call: Call | null): Promise<void> {
    const seen = this.view;
    if (call) {
      this.spareNow(() => this.presence.look(call, this.databaseNow));
      if (seen) this.spareNow(() => this.intents.look(seen, call));
      if (seen) this.spareNow(() => this.planners.look(seen, call, this.databaseNow));
    }
    if (call && (readers.test(call.label) || renewsNothing(call))) return;
    const { database } = this.subject as { database?: { version?: number } };
    const version = database?.version ?? NaN;
    const isSame = this.view !== null && version === this.seenVersion;
    this.seenVersion = version;
    const after = isSame ? this.view! : new FarmView(copyOf(await this.subject.rows()));
    try {
      if (!isSame) checkState(after);
      if (call && this.view) checkChange({ before: this.view, after, call });
    } catch (error) {
      this.break(error);
    }
    this.view = after;
  }

  private springTraps(owner: Owner, called: string): void {
    const sprung = this.isCalm ? [] : this.traps.filter(({ label }) => label.test(called));
    if (sprung.length === 0) return;
    this.traps = this.traps.filter((trap) => !sprung.includes(trap));
    for (const { spring } of sprung) spring(owner.name);
  }

  private isAborted(): boolean {
    return this.timeline.now < this.outageUntil || this.chance.odds(this.odds.aborted);
  }
}

const toldAtMost = 1000;

function renewsNothing({ label, args }: Call): boolean {
  return label === 'leases.renew' && (args[1] as readonly unknown[]).length === 0;
}

/** The fake's rows change in place. */
function copyOf(rows: FarmRows): FarmRows {
  const copied = <T extends object>(list: readonly T[]): T[] => list.map((row) => ({ ...row }));
  return {
    ...rows,
    builds: copied(rows.builds),
    outputs: copied(rows.outputs),
    attempts: copied(rows.attempts),
    leases: copied(rows.leases),
    workers: copied(rows.workers),
    evaluations: copied(rows.evaluations),
    intents: copied(rows.intents),
    durations: copied(rows.durations),
    jobs: [...rows.jobs],
    uploads: copied(rows.uploads),
    paths: [...rows.paths],
    edges: [...rows.edges],
    derivations: [...rows.derivations],
  };
}

function told(label: string, args: readonly unknown[], value: unknown): string {
  const words = (thing: unknown): string =>
    JSON.stringify(thing, (_key, item: unknown) =>
      item instanceof Map || item instanceof Set ? [...item] : item,
    ) ?? '';
  return `${label} ${args.map(words).join(' ')} → ${words(value)}`.slice(0, toldAtMost);
}

export interface Process {
  readonly world: World;
  readonly owner: Owner;
}

/** The port, its calls carried out by the world for one process. */
export function gated<T extends object>({ world, owner }: Process, name: string, port: T): T {
  return new Proxy(port, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        world.call(owner, `${name}.${String(key)}`, {
          args,
          run: () => method.apply(target, args) as Promise<unknown>,
        });
    },
  });
}
