/**
 * How long builds take, by package name and system, learnt from attempts that succeeded. A mean in
 * which the last ten attempts weigh most, on a worker of speed 1.
 */
import type { BuildId } from '#domain/ids.js';
import type { DurationStore } from '#application/ports/planner-store.js';
import type { Database } from './database.js';
import { idList, milliseconds } from './planner-rows.js';

const remembered = 9;

const learnDurations = `
  insert into package_durations as p (package_name, system, milliseconds, samples)
  select d.package_name, d.system,
         avg(${milliseconds('(a.ended_at - a.started_at)')} * greatest(w.speed, 0.01)), count(*)
    from attempts a join derivations d on d.id = a.build_id join workers w on w.id = a.worker_id
   where a.build_id = any(${idList('$1')}) and a.status = 'succeeded'
     and a.started_at is not null and a.ended_at >= a.started_at
   group by d.package_name, d.system order by d.package_name, d.system
  on conflict (package_name, system) do update
     set milliseconds = (p.milliseconds * least(p.samples, ${remembered})
                         + excluded.milliseconds * excluded.samples)
                        / (least(p.samples, ${remembered}) + excluded.samples),
         samples = least(p.samples::bigint + excluded.samples, 1000000)::int,
         updated_at = now()`;

export class PostgresDurationStore implements DurationStore {
  constructor(private readonly database: Database) {}

  async learn(builds: readonly BuildId[]): Promise<void> {
    if (builds.length > 0) await this.database.execute(learnDurations, [builds.join(' ')]);
  }
}
