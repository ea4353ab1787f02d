/** Faults of evaluators and of large ingests, on real processes. Rows of the fault table. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod } from 'node:fs/promises';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { anOutput, endsOf, FaultFarm, gate } from '#testkit/fault-farm.js';
import type { FarmProcess } from '#testkit/faults/farm-process.js';

let farm: FaultFarm;
const patience = 90_000;
/** No worker is of it, so that what is read is not built. */
const system = 'riscv64-linux';

beforeAll(async () => {
  farm = await FaultFarm.start({
    maxJobs: 4,
    leaseSeconds: 6,
    environment: {
      GAMBESON_EVALUATION_MEMORY_MB: '512',
      GAMBESON_EVALUATION_TIMEOUT_SECONDS: '15',
    },
  });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

function chain(name: string, count: number, width: number) {
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}-${i}`,
    system,
    script: `: ${name} ${i}; ${anOutput}`,
    inputs: i < width ? [] : [`${name}-${i - width}`],
  }));
}

async function countOf(name: string): Promise<number> {
  const [row] = await farm.sql<{ count: number }>(
    `select count(*)::int as count from derivations where name like $1`,
    [`${name}-%`],
  );
  return row!.count;
}

/** The evaluator that reads this specification's evaluation, once one does. */
function reader(specification: string): Promise<FarmProcess> {
  return farm.until(`somebody to read ${specification}`, async () => {
    const [row] = await farm.sql<{ evaluator: string }>(
      `select e.evaluator from evaluations e join specifications s on s.id = e.specification_id
        where s.name = $1 and e.status = 'started' and e.lease_expires_at > now()`,
      [specification],
    );
    const pid = Number(row?.evaluator?.split('/').at(-1) ?? 0);
    return farm.both('evaluator').find((one) => one.pid === pid) ?? null;
  });
}

/** A minute goes by. */
async function expireEvaluationLeases(): Promise<void> {
  await farm.sql(`update evaluations set lease_expires_at = now() where status = 'started'`);
}

async function readNix(name: string, text: string): Promise<EvaluationAnswer> {
  const channel = await farm.newChannel();
  await channel.commitFiles({ 'release.nix': text });
  await chmod(channel.directory, 0o755);
  const more = { backend: 'nix', selection: { file: 'release.nix' }, systems: ['x86_64-linux'] };
  await farm.watch(name, channel, more);
  return farm.evaluated(name, 1);
}

/**
 * No statement that writes derivations begins once there are `most` of a chain, until what this
 * answers is called: the ingest is held in its midst, however fast the machine is. A batch brings
 * at most 2,000, so `most` is above that: else the first would wait with nothing committed.
 */
async function holdIngest(name: string, most: number): Promise<() => Promise<void>> {
  await farm.sql('create table gate as select 1');
  await farm.sql(`create function wait_at_gate() returns trigger language plpgsql as $$ begin
    while exists (select from gate)
      and (select count(*) from derivations where name like '${name}-%') >= ${most}
    loop perform pg_sleep(0.01); end loop;
    return null; end $$`);
  await farm.sql(`create trigger at_gate before insert on derivations
    for each statement execute function wait_at_gate()`);
  return async () => {
    await farm.sql('delete from gate');
  };
}

const goodJobs = `
  mk = name: derivation { inherit name; system = "${system}"; builder = "/bin/sh"; };
  good = { a = mk "good-a"; b = mk "good-b"; };
`;

describe('faults of evaluators', () => {
  it(
    'row 7: an evaluator killed in mid-ingest, thrice, leaves no build without its edges',
    async () => {
      const channel = await farm.newChannel();
      await channel.commitRecipes(chain('chain', 1600, 100));
      await farm.watch('chain', channel);
      for (const reached of [1, 400, 900]) {
        const evaluator = await reader('chain');
        await farm.until(`${reached} derivations`, async () =>
          (await countOf('chain')) >= reached ? true : null,
        );
        await evaluator.kill();
        const edgeless = await farm.sql(
          `select name from derivations d where name like 'chain-%'
            and substring(name from 7)::int >= 100
            and not exists (select from derivation_inputs i where i.derivation_id = d.id)`,
        );
        expect(edgeless).toEqual([]);
        // In this order: whoever goes on with it must not be done before it is looked at.
        await farm.startAgain(evaluator.plan.name);
        await expireEvaluationLeases();
      }
      const evaluation = await farm.evaluated('chain', 1);
      expect([evaluation.status, evaluation.jobCount]).toEqual(['succeeded', 1600]);
      expect(await countOf('chain')).toBe(1600);
      const [edges] = await farm.sql(`select count(*)::int as count from derivation_inputs i
      join derivations d on d.id = i.derivation_id where d.name like 'chain-%'`);
      expect(edges).toEqual({ count: 1500 });
    },
    patience,
  );

  it(
    'row 12: completions are not held up by a large ingest',
    async () => {
      const names = Array.from({ length: 8 }, (_, i) => `quick-${i}`);
      const recipes = names.map((name) => ({ name, script: `: ${name}; ${gate}; ${anOutput}` }));
      const quick = await farm.evaluate('quick', recipes);
      const builds = await Promise.all(names.map((name) => farm.buildOf(quick, name)));
      const attempts = await Promise.all(builds.map((build) => farm.attempt(build)));
      const channel = await farm.newChannel();
      await channel.commitRecipes(chain('wide', 12_000, 3000));
      const letGo = await holdIngest('wide', 3000);
      await farm.watch('wide', channel);
      try {
        await farm.until('the ingest to be under way', async () =>
          (await countOf('wide')) > 0 ? true : null,
        );
        await Promise.all(attempts.map((attempt) => farm.openGate(attempt)));
        const ends = await Promise.all(builds.map((build) => farm.ended(build)));
        const [wide] = await farm.evaluations('wide');
        expect(ends.map(endsOf)).toEqual(names.map(() => ['succeeded']));
        expect(wide!.status).toBe('started');
      } finally {
        await letGo();
      }
    },
    patience,
  );

  it(
    'row 25: a job that fills the memory is told as an error, and the others are kept',
    async () => {
      const hog = `let ${goodJobs} in good // {
      c = mk (builtins.toString (builtins.length (builtins.genList (i: i) 200000000)));
      d = mk "good-d"; }`;
      const evaluation = await readNix('hog', hog);
      const jobs = await farm.jobs(evaluation.id);
      const told = Object.fromEntries(jobs.map((job) => [job.name, job.error === null]));
      expect(told).toEqual({ a: true, b: true, c: false, d: true });
    },
    patience,
  );

  it(
    'row 25: an evaluation that hangs fails, and what it told before stands as partial',
    async () => {
      const hang = `let ${goodJobs}
      fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
      in good // { c = mk (builtins.toString (fib 80)); }`;
      const evaluation = await readNix('hang', hang);
      expect([evaluation.status, evaluation.reason]).toEqual(['failed', 'evaluation-timed-out']);
      const jobs = await farm.jobs(evaluation.id);
      expect(jobs.filter((job) => job.build !== null).map((job) => job.name)).toEqual(['a', 'b']);
    },
    patience,
  );

  it(
    'row 25: an evaluator that freezes is followed by the other, and writes nothing later',
    async () => {
      const channel = await farm.newChannel();
      await channel.commitRecipes(chain('frozen', 1200, 100));
      await farm.watch('frozen', channel);
      const first = await reader('frozen');
      first.signal('SIGSTOP');
      await expireEvaluationLeases();
      const evaluation = await farm.evaluated('frozen', 1);
      expect([evaluation.status, evaluation.jobCount]).toEqual(['succeeded', 1200]);
      first.signal('SIGCONT');
      await farm.until('the frozen one to give up', async () =>
        first.said.some((line) => line.includes(`evaluation ${evaluation.id} is left`))
          ? true
          : null,
      );
      expect((await farm.jobs(evaluation.id)).length).toBe(500);
      expect((await farm.evaluations('frozen'))[0]).toEqual(evaluation);
    },
    patience,
  );
});
