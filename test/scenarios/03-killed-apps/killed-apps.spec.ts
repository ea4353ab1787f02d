/**
 * Every app of the farm is killed while a build runs: it is the same attempt, and its log is whole.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

let farm: ScenarioFarm;

beforeAll(async () => {
  farm = await ScenarioFarm.start({ workers: 1, leaseSeconds: 10 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

const script = `
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); echo "line $i"; sleep 0.1; done
mkdir "$out"
echo whole > "$out/story"
`;

describe('a build during which a part of the farm is killed', () => {
  it.each([
    ['apps', ['api', 'coordinator', 'evaluator', 'substituter']],
    ['servers', ['redis', 'postgres']],
  ])(
    'is the same attempt, succeeds, and has its log whole: %s',
    async (name, parts) => {
      const channel = await farm.newChannel(name);
      await channel.commitRecipes([{ name: 'talker', script: `: ${name}${script}` }]);
      await farm.watch(name, channel);
      const { id } = await farm.evaluated(name, 1);
      const before = await farm.running(id, 'talker');
      for (const part of parts) await farm.kill(part);

      const job = (await farm.settled(id)).get('talker')!;
      expect(job.status).toBe('succeeded');
      const after = await farm.build(job.build!);
      expect(after.attempts.map((one) => one.id)).toEqual([before.attempts[0]!.id]);
      const lines = (await farm.text(`/api/v1/builds/${job.build}/log`)).match(/^line \d+$/gm);
      expect(lines).toEqual(Array.from({ length: 200 }, (_, i) => `line ${i + 1}`));
      expect(after.outputs.every((output) => output.offered)).toBe(true);
    },
    180_000,
  );
});
