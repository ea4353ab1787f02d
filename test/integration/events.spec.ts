/** The stream of news as programs have it: what it tells, whom it concerns, how it is taken up. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;
const open: AbortController[] = [];
beforeAll(async () => {
  farm = await startApiFarm();
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});
afterAll(() => farm.stop());

interface Told {
  readonly id: string;
  readonly name: string;
  readonly data: { missed?: string[]; topics?: string[] };
}

/** Answers with how to wait for the next event that is not a beat. */
async function listen(
  query: string,
  headers: Record<string, string> = {},
): Promise<() => Promise<Told>> {
  const stop = new AbortController();
  open.push(stop);
  const address = `${farm.address}/api/v1/events?${query}`;
  const answer = await fetch(address, { headers, signal: stop.signal });
  expect([answer.status, answer.headers.get('x-accel-buffering')]).toEqual([200, 'no']);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    for (;;) {
      const end = text.indexOf('\n\n');
      const block = text.slice(0, end);
      if (end >= 0) text = text.slice(end + 2);
      if (end >= 0 && /event: (hello|news)/.test(block)) return toldBy(block);
      if (end < 0) text += (await reader.read()).value ?? '';
    }
  };
}

function toldBy(block: string): Told {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
  return {
    id: field('id'),
    name: field('event'),
    data: JSON.parse(field('data')) as Told['data'],
  };
}

async function moved(build: number): Promise<void> {
  await farm.parts.bus.publish('live/builds', JSON.stringify({ build, status: 'started' }));
}

describe('the stream of news', () => {
  it('tells of a build, its evaluation and its specification, and of no other', async () => {
    const { evaluation, builds } = seeded;
    const topics = ['specification/demo', `evaluation/${evaluation}`, `build/${builds.ok}`];
    const others = ['specification/other', 'evaluation/999', `build/${builds.failed}`];
    const query = [...topics, ...others].map((topic) => `topic=${topic}`).join('&');
    const next = await listen(query);
    expect(await next()).toMatchObject({ name: 'hello', data: { missed: [] } });
    await moved(builds.ok);
    const told = new Set<string>();
    while (told.size < topics.length) {
      for (const topic of (await next()).data.topics ?? []) told.add(topic);
    }
    expect(told).toEqual(new Set(topics));
  });

  it('tells of an evaluation that began, the page of the queue, too', async () => {
    const next = await listen('topic=queue');
    await next();
    const news = JSON.stringify({ evaluation: seeded.evaluation, status: 'started' });
    await farm.parts.bus.publish('live/evaluations', news);
    expect((await next()).data.topics).toEqual(['queue']);
  });

  it('tells who comes back what changed meanwhile', async () => {
    const { ok, failed } = seeded.builds;
    const query = `topic=build/${ok}&topic=build/${failed}`;
    const { id } = await (await listen(query))();
    const watching = await listen(`topic=build/${failed}`);
    await watching();
    open[0]!.abort();
    await moved(failed);
    await watching();
    const back = await listen(query, { 'last-event-id': id });
    expect((await back()).data).toEqual({ missed: [`build/${failed}`] });
    const stranger = await listen(`${query}&last=elsewhere-7`);
    expect((await stranger()).data.missed).toHaveLength(2);
  });

  it.each(['', 'topic=', 'topic=everything', 'topic=build/0', 'topic=specification/../x'])(
    'refuses %j',
    async (query) => {
      const answer = await fetch(`${farm.address}/api/v1/events?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    },
  );
});
