/** A commit becomes substitutes; the next one builds only what it changed. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScenarioFarm } from '#testkit/scenario-farm.js';
import type { Recipe, ScenarioChannel } from '#testkit/scenario-channel.js';

let farm: ScenarioFarm;
let channel: ScenarioChannel;
let first: string;

beforeAll(async () => {
  farm = await ScenarioFarm.start();
  channel = await farm.newChannel();
  first = await channel.commitRecipes(recipes('one'));
  await farm.watch('changing', channel);
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

/** base ← left, base ← right, top ← both; `word` is what left says. */
function recipes(word: string): Recipe[] {
  const script = (text: string): string => `mkdir -p "$out"\necho ${text} > "$out/story"\n`;
  return [
    { name: 'base', script: script('base') },
    { name: 'left', script: script(word), inputs: ['base'] },
    { name: 'right', script: script('right'), inputs: ['base'] },
    { name: 'top', script: script('top'), inputs: ['left', 'right'] },
  ];
}

describe('a specification whose channel changes', () => {
  it('builds every job of its first commit', async () => {
    const evaluation = await farm.evaluated('changing', 1);
    expect(evaluation).toMatchObject({ status: 'succeeded', jobCount: 4, newBuildCount: 4 });
    const jobs = await farm.settled(evaluation.id);
    expect([...jobs.values()].map((job) => job.status)).toEqual(Array(4).fill('succeeded'));
  }, 120_000);

  it('starts evaluating at the hook, and builds only what changed', async () => {
    await channel.commitRecipes(recipes('two'));
    const asked = Date.now();
    await farm.hook('changing');
    const evaluation = await farm.evaluated('changing', 2);
    const waited = Date.parse(evaluation.startedAt) - asked;
    process.stdout.write(`evaluation started ${waited} ms after the hook\n`);
    expect(evaluation).toMatchObject({ trigger: 'hook', jobCount: 4, newBuildCount: 2 });
    const jobs = await farm.settled(evaluation.id);
    expect(jobs.get('top')!.status).toBe('succeeded');
  }, 120_000);

  it('evaluates again when nothing changed but the specification', async () => {
    await farm.watch('changing', channel, { priority: 3 });
    const evaluation = await farm.evaluated('changing', 3);
    expect(evaluation).toMatchObject({ specificationVersion: 2, newBuildCount: 0 });
  }, 120_000);

  it('evaluates again when a person asks for a retry', async () => {
    const { id } = await farm.evaluated('changing', 3);
    await farm.send('POST', `/api/v1/evaluations/${id}/retry`);
    const evaluation = await farm.evaluated('changing', 4);
    expect(evaluation).toMatchObject({ trigger: 'retry', try: 2, newBuildCount: 0 });
  }, 120_000);

  it('evaluates an older commit again when the branch goes back, and says so', async () => {
    await channel.goTo(first);
    await farm.hook('changing');
    const evaluation = await farm.evaluated('changing', 5);
    expect(evaluation.checkouts[0]!.revision).toBe(first);
    expect(evaluation.newBuildCount).toBe(0);
    const { channels } = await farm.get<{ channels: { rewound: unknown }[] }>(
      '/api/v1/specifications/changing',
    );
    expect(channels[0]!.rewound).toMatchObject({ from: expect.any(String) });
  }, 120_000);

  it('does not evaluate the same again when nothing changed', async () => {
    await farm.hook('changing');
    await farm.until('the poll to be over', async () => {
      const spec = await farm.get<{ channels: { fetchedAt: string }[] }>(
        '/api/v1/specifications/changing',
      );
      const newest = (await farm.evaluations('changing'))[0]!;
      return spec.channels[0]!.fetchedAt > newest.endedAt! ? true : null;
    });
    expect(await farm.evaluations('changing')).toHaveLength(5);
  }, 120_000);
});
