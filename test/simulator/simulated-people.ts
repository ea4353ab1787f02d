/**
 * The people of the farm, who restart, cancel, pause, drain and resume whatever they like, by the
 * use cases of the api; and who see to it, in calm, that no worker is forgotten.
 */
import { cancelBuild, cancelEvaluation } from '#application/cancel-builds.js';
import { restartBuild, restartEvaluation } from '#application/restart-builds.js';
import type { FailureKind } from '#domain/build/restart.js';
import type { SimulatedWire } from './simulated-bus.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

const kinds: readonly FailureKind[] = ['failed', 'infrastructure', 'canceled', 'all'];
const roundSeconds = 20;

export class SimulatedPeople {
  private readonly self: Owner = { name: 'people', alive: true };
  private readonly parts;
  private readonly standings;

  constructor(
    private readonly world: World,
    wire: SimulatedWire,
  ) {
    const { stores } = world.subject;
    const process = { world, owner: this.self };
    this.parts = { store: gated(process, 'wishes', stores.wishes), bus: wire.of(this.self) };
    this.standings = gated(process, 'standings', stores.standings);
    this.scheduleAct();
  }

  /** From now on nobody leaves a worker paused or drained. */
  async lookAfterWorkers(): Promise<void> {
    const { timeline } = this.world;
    for (;;) {
      for (const { id, draining, pausedAt, pauseUntil } of this.world.rows.workers) {
        const isLeft = draining || (pausedAt !== null && pauseUntil === null);
        if (isLeft) await this.world.spare(async () => void (await this.standings.resume(id)));
      }
      await this.parts.bus.publish('planner', '');
      await timeline.sleep(roundSeconds, this.self);
    }
  }

  private scheduleAct(): void {
    const { world } = this;
    const seconds = world.odds.actSeconds * world.chance.between(0.2, 1.8);
    world.timeline.after(seconds, this.self, () => {
      if (world.isCalm) return;
      const [name, act] = world.chance.pick(Object.entries(this.acts()));
      world.note(() => `people: ${name}`);
      void world.spare(act);
      this.scheduleAct();
    });
  }

  private acts(): Record<string, () => Promise<void>> {
    return { ...this.wishes(), ...this.careOfWorkers() };
  }

  private wishes(): Record<string, () => Promise<void>> {
    const { rows, chance } = this.world;
    const { parts } = this;
    const build = rows.builds.length > 0 ? chance.pick(rows.builds).id : null;
    const fallen = rows.builds.filter(({ status }) => /failed|canceled/.test(status));
    const failed = fallen.length > 0 ? chance.pick(fallen).id : build;
    const evaluation = rows.evaluations.length > 0 ? chance.pick(rows.evaluations).id : null;
    const kind = chance.pick(kinds);
    const [force, together] = [chance.odds(0.5), chance.odds(0.7)];
    return {
      'restart a build': async () => {
        if (failed !== null) await restartBuild(parts, failed, together);
      },
      'cancel a build': async () => {
        if (build !== null) await cancelBuild(parts, build, force);
      },
      'restart an evaluation': async () => {
        if (evaluation !== null) await restartEvaluation(parts, evaluation, kind);
      },
      'cancel an evaluation': async () => {
        if (evaluation !== null) await cancelEvaluation(parts, evaluation);
      },
    };
  }

  private careOfWorkers(): Record<string, () => Promise<void>> {
    const { world, standings } = this;
    const { chance, timeline } = world;
    const worker = chance.pick(world.rows.workers).id;
    const later = (): void =>
      timeline.after(chance.between(5, 60), this.self, () => {
        void world.spare(async () => void (await standings.resume(worker)));
      });
    return {
      'pause a worker': async () => {
        later();
        await standings.pause(worker, { note: 'for a while', until: null });
      },
      'pause a worker until a time': async () => {
        const until = new Date(world.databaseNow + chance.between(1000, 90_000)).toISOString();
        await standings.pause(worker, { note: 'until then', until });
      },
      'drain a worker': async () => {
        later();
        await standings.drain(worker, 'for a new kernel');
      },
    };
  }
}
