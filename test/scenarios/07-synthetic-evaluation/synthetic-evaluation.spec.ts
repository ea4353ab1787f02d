/**
 * A synthetic evaluation (3,000 jobs here, 150,000 in the full run) through the real processes, two
 * of every app, to its end: 50 simulated workers claim over the real protocol, send logs, upload
 * real small nars and report. Nothing is lost, nothing is built twice, nothing waits without a
 * reason, and no process grows without end.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { BuildMessage } from '#protocol/worker.js';
import { answered } from '#testkit/eventually.js';
import { FarmOfTwos } from '#testkit/farm-of-twos.js';
import { BuildLedger } from '#testkit/synthetic/build-ledger.js';
import { DerivationShelf } from '#testkit/synthetic/derivation-shelf.js';
import { MemoryWatch } from '#testkit/synthetic/memory-watch.js';
import { closeUploads } from '#testkit/synthetic/nar-upload.js';
import { readBack } from '#testkit/synthetic/read-back.js';
import { StageTimes } from '#testkit/synthetic/stage-times.js';
import { SeededChance } from '../../../bench/seeded-chance.js';
import { commonSystem, largeFeature, otherSystem, syntheticRecipes } from './synthetic-channel.js';
import {
  logOf,
  SyntheticWorker,
  type Machine,
  type Workshop,
} from '#testkit/synthetic/synthetic-worker.js';
import { WaitWatch } from '#testkit/synthetic/wait-watch.js';

const full = Boolean(process.env['GAMBESON_TEST_FULL']);
const jobs = Number(process.env['GAMBESON_TEST_JOBS'] ?? (full ? 150_000 : 3000));
const leaseSeconds = full ? 15 : 5;
const stallMilliseconds = 60_000;
/** Of so many builds one lasts longer than a lease. */
const longBuildOf = 1000;
/** What a heap may have grown by since its warm-up: a share of itself, and megabytes. */
const allowed = jobs >= 100_000 ? { share: 0.15, megabytes: 32 } : { share: 0.5, megabytes: 128 };
const chance = new SeededChance(11);
const apps = /^(api|substituter|coordinator|evaluator)-/;

const common: Machine = { system: commonSystem, features: [], slots: 4 };
/** 40 of the common kind, 8 of another system, 2 large ones. */
const machines = Array.from({ length: 50 }, (_, i): Machine => {
  if (i < 40) return common;
  return i < 48 ? { ...common, system: otherSystem } : { ...common, features: [largeFeature] };
});

let farm: FarmOfTwos;

beforeAll(async () => {
  farm = await FarmOfTwos.start({ leaseSeconds });
}, 120_000);
afterAll(async () => {
  closeUploads();
  await farm?.stop();
}, 120_000);

describe(`a synthetic evaluation of ${jobs} jobs on ${machines.length} workers`, () => {
  it(
    'goes to its end: nothing lost, nothing twice, no wait without a reason, memory flat',
    async () => {
      const ledger = new BuildLedger();
      const times = new StageTimes();
      const shop: Workshop = { ledger, shelf: new DerivationShelf(), times, durationOf };
      const workers = await Promise.all(machines.map((machine, i) => connect(machine, i, shop)));
      const memory = new MemoryWatch(farm.pids, () => ledger.done.size / jobs);
      const waits = new WaitWatch(
        [1, 2].map((number) => farm.addressOf('api', number)),
        () => 1 + chance.below(jobs),
      );
      const begun = performance.now();
      const evaluation = await submit();
      for (const worker of workers) worker.work();
      try {
        await ledger.allDone(jobs, stallMilliseconds);
      } catch (error) {
        throw new Error(`${ledger.done.size} done\n${farm.lastWords}`, { cause: error });
      } finally {
        memory.stop();
        for (const worker of workers) worker.leave();
        await waits.stop();
      }
      const seconds = (performance.now() - begun) / 1000;
      const { seen } = waits;
      const read = await answered('the evaluation to end', () => ended(evaluation));
      tell({ seconds, read, memory, times, seen });

      expect(ledger.faults).toEqual([]);
      expect(read).toMatchObject({ status: 'succeeded', jobCount: jobs, errorCount: 0 });
      expect(read.jobs).toEqual({ succeeded: jobs });
      expect(await countsOf()).toEqual({
        builds: jobs,
        succeeded: jobs,
        offered: jobs,
        nars: jobs,
      });
      expect(await attemptsOf()).toEqual({ attempts: jobs, builds: jobs, succeeded: jobs });
      expect(await leavings()).toEqual({ leases: 0, uploads: 0 });
      expect(ledger.given.size).toBe(jobs);

      expect(seen.silent).toEqual([]);
      expect([...seen.reasons.keys()]).toContain('inputs-unfinished');
      for (const { name, early, late } of memory.growth()) {
        const bound = early * (1 + allowed.share) + allowed.megabytes;
        if (apps.test(name))
          expect({ name, late, flat: late <= bound }).toMatchObject({ flat: true });
      }
      await sampleBack(ledger);
    },
    full ? 3_000_000 : 240_000,
  );
});

function durationOf({ build }: BuildMessage): number {
  return Number(build) % longBuildOf === 0 ? leaseSeconds * 1600 : 0;
}

async function connect(machine: Machine, index: number, shop: Workshop): Promise<SyntheticWorker> {
  const identity = await farm.enrol(`synthetic-${index + 1}`);
  const address = farm.addressOf('api', 1 + (index % 2));
  return SyntheticWorker.connect({ address, identity }, machine, shop);
}

/** A specification over a channel of that many recipes; its evaluation. */
async function submit(): Promise<string> {
  const channel = await farm.newChannel();
  const recipes = syntheticRecipes(jobs);
  await channel.commitFiles({ 'farm.json': JSON.stringify({ recipes }) });
  await farm.watch('synthetic', channel, { systems: [commonSystem, otherSystem] });
  return answered(
    'an evaluation',
    async () => (await farm.evaluations('synthetic'))[0]?.id ?? null,
  );
}

async function ended(evaluation: string): Promise<EvaluationAnswer | null> {
  const read = await farm.get<EvaluationAnswer>(`/api/v1/evaluations/${evaluation}`);
  return read.status === 'started' ? null : read;
}

async function countsOf(): Promise<object> {
  const [row] = await farm.sql(
    `select count(*)::int as builds,
            (count(*) filter (where status = 'succeeded'))::int as succeeded,
            (select count(*) from store_paths)::int as offered,
            (select count(*) from nars)::int as nars
       from builds`,
  );
  return row!;
}

async function attemptsOf(): Promise<object> {
  const [row] = await farm.sql(
    `select count(*)::int as attempts, count(distinct build_id)::int as builds,
            (count(*) filter (where status = 'succeeded'))::int as succeeded
       from attempts`,
  );
  return row!;
}

async function leavings(): Promise<object> {
  const [row] = await farm.sql(
    `select (select count(*) from leases)::int as leases,
            (select count(*) from uploads)::int as uploads`,
  );
  return row!;
}

/** Some of the builds as people and clients find them: log, narinfo and nar. */
async function sampleBack(ledger: BuildLedger): Promise<void> {
  const all = [...ledger.done];
  const sample = Array.from({ length: 20 }, (_, i) => all[Math.floor((i * all.length) / 20)]!);
  for (const id of sample) {
    const build = await farm.build(id);
    const derivation = build.derivation.slice(build.store.dir.length + 1);
    expect(await farm.text(build.log)).toBe(logOf({ derivation }));
    const outputs = await readBack(build, farm.addressOf('substituter', 2));
    expect(outputs.filter(({ whole }) => !whole)).toEqual([]);
  }
}

interface Told {
  readonly seconds: number;
  readonly read: EvaluationAnswer;
  readonly memory: MemoryWatch;
  readonly times: StageTimes;
  readonly seen: WaitWatch['seen'];
}

function tell({ seconds, read, memory, times, seen }: Told): void {
  const growth = memory.growth().map(({ name, early, late }) => `${name} ${early}→${late}`);
  const peaks = [...memory.peaks()].map(([name, megabytes]) => `${name} ${megabytes}`);
  const cores = [...memory.cores()].map(([name, used]) => `${name} ${used.toFixed(1)}`);
  const reasons = [...seen.reasons].map(([reason, times]) => `${reason} ${times}`);
  const reading = (Date.parse(read.endedAt ?? '') - Date.parse(read.startedAt)) / 1000;
  process.stderr.write(
    [
      `a synthetic evaluation: ${jobs} jobs built in ` +
        `${seconds.toFixed(1)} s (${(jobs / seconds).toFixed(0)} a second), ` +
        `read in ${reading.toFixed(1)} s`,
      `  peak memory in MB: ${peaks.join(', ')}`,
      `  seconds of a core: ${cores.join(', ')}, workers ${ownSeconds().toFixed(1)}`,
      `  medians at 35–55 % and 80–100 %: ${growth.join(', ')}`,
      `  ${times.told().join('; ')}`,
      `  ${seen.asked} questions, slowest ${seen.slowestMillis.toFixed(0)} ms, ` +
        `${seen.estimated} with an estimate; waits told: ${reasons.join(', ')}`,
      '',
    ].join('\n'),
  );
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
