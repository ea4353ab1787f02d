/** Logs over REST: by lines, by phases, searched, raw. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogFound, LogLines, LogPhases } from '#protocol/api/log.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedAttempt, seedBuild, seedFarm, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;
/** A failed build with a log of Guix, and its attempt. */
let build = 0;
let attempt = 0;

const guix = [
  "starting phase `unpack'",
  "phase `unpack' succeeded after 0.5 seconds",
  "starting phase `build'",
  ' 10%\r 99%\r100%',
  '\u001b[1;38;5;196merror:\u001b[0m <script>alert(1)</script>',
  ...Array.from({ length: 1200 }, (_, n) => `line ${n}`),
  'last, without an end',
].join('\n');

beforeAll(async () => {
  farm = await startApiFarm();
  const { database, logs } = farm.parts;
  seeded = await seedFarm(database, logs);
  build = await seedBuild(database, seeded.evaluation, { name: 'logged-1.0', status: 'failed' });
  attempt = await seedAttempt(database, build, 'failed');
  await logs.append(`attempt-${attempt}`, 0, Buffer.from(guix));
}, 60_000);
afterAll(async () => {
  await farm?.stop();
}, 60_000);

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${farm.address}/api/v1${path}`, { headers });
}

async function json<T>(path: string): Promise<T> {
  const answer = await get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

const log = (path = ''): string => `/builds/${build}/log${path}`;

describe('lines of a log', () => {
  it('are told by number, as a terminal leaves them', async () => {
    const answer = await json<LogLines>(log('/lines?from=4&limit=2&looks=true'));
    expect(answer).toMatchObject({
      ...{ attempt: String(attempt), total: 1206, bytes: guix.length, ended: true },
      ...{ expired: false, next: 6 },
      lines: [
        { number: 4, text: '100%', longBytes: null },
        {
          number: 5,
          text: 'error: <script>alert(1)</script>',
          runs: [
            ['error:', 'f196 b'],
            [' <script>alert(1)</script>', ''],
          ],
        },
      ],
    });
    expect(Date.parse(answer.lines[0]!.at!)).toBeGreaterThan(Date.now() - 600_000);
  });

  it('are the last ones unless told', async () => {
    const answer = await json<LogLines>(log('/lines?limit=2'));
    expect(answer.lines.map(({ text }) => text)).toEqual(['line 1199', 'last, without an end']);
    expect(answer.next).toBeNull();
    expect(answer.lines[0]).not.toHaveProperty('runs');
    expect(await json<LogLines>(log('/lines?from=5000'))).toMatchObject({ lines: [], next: null });
  });

  it('are none while no worker has tried it, and not told of what there is not', async () => {
    const waiting = `/builds/${seeded.builds.waiting}/log/lines`;
    expect(await json(waiting)).toMatchObject({ lines: [], total: 0, ended: false, attempt: null });
    expect((await get(log('/lines?attempt=999'))).status).toBe(404);
    expect((await get('/builds/999999/log/lines')).status).toBe(404);
    expect((await get(log('/lines?from=0'))).status).toBe(400);
    expect((await get(log('/lines?limit=1001'))).status).toBe(400);
  });

  it('are the last ones on the page of a log that ends before the line of a link', async () => {
    const answer = await fetch(`${farm.address}/builds/${build}/log?from=5000`);
    const page = await answer.text();
    expect(page).toContain('id="L907"');
    expect(page).toContain('id="L1206"');
    expect(page).not.toContain('id="L906"');
  });

  it('of an evaluation are told too', async () => {
    const answer = await json<LogLines>(`/evaluations/${seeded.evaluation}/log/lines`);
    expect(answer).toMatchObject({ lines: [{ number: 1, text: 'evaluating <main>' }] });
  });

  it('of a log that was removed are told as such', async () => {
    const { database, logs } = farm.parts;
    const gone = await seedBuild(database, seeded.evaluation, { name: 'gone', status: 'failed' });
    await seedAttempt(database, gone, 'failed');
    expect(await json(`/builds/${gone}/log/lines`)).toMatchObject({ expired: true, total: 0 });
    expect((await get(`/builds/${gone}/log`)).status).toBe(410);
    expect(await logs.size(`attempt-${attempt}`)).toBe(guix.length);
  });
});

describe('phases of a log', () => {
  it('are told with their durations, and the errors with their lines', async () => {
    expect(await json<LogPhases>(log('/phases'))).toMatchObject({
      phases: [
        { name: 'unpack', from: 1, to: 2, seconds: 0.5, outcome: 'succeeded' },
        { name: 'build', from: 3, to: 1206, outcome: null },
      ],
      ...{ errors: [5], errorCount: 1, timed: true },
    });
  });
});

describe('a search', () => {
  it('is over all of the log, a page of hits at a time', async () => {
    const first = await json<LogFound>(log('/search?q=LINE%201&limit=3'));
    expect(first).toEqual({ lines: [7, 16, 17], before: 0, total: 311, next: '17' });
    const second = await json<LogFound>(log(`/search?q=line%201&limit=2&cursor=${first.next}`));
    expect(second).toEqual({ lines: [18, 19], before: 3, total: 311, next: '19' });
    expect(await json(log('/search?q=LINE%201&case=true'))).toMatchObject({ total: 0 });
  });

  it('takes expressions, and refuses those that are none or have no end', async () => {
    expect(await json(log('/search?q=%5Eline%20(7%7C8)%24&regex=true'))).toMatchObject({
      lines: [13, 14],
    });
    expect(await json(log('/search?q=(a%2B)%2B%24'))).toMatchObject({ total: 0 });
    const broken = await get(log('/search?q=(&regex=true'));
    expect([broken.status, broken.headers.get('content-type')]).toEqual([
      422,
      'application/problem+json',
    ]);
  });

  it('finds what is shown, not how it is coloured', async () => {
    expect(await json(log('/search?q=error:%20%3Cscript'))).toMatchObject({ lines: [5] });
    expect(await json(log('/search?q=99%25'))).toMatchObject({ lines: [] });
  });
});

describe('a raw log', () => {
  it('is plain text that no browser takes for a page', async () => {
    const answer = await get(log());
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': 'inline',
    });
    expect(await answer.text()).toBe(guix);
  });

  it('is a file, a range of bytes, or some lines', async () => {
    const file = await get(log('?download=true'));
    expect(file.headers.get('content-disposition')).toBe(
      `attachment; filename="build-${build}-attempt-1.log"`,
    );
    const part = await get(log(), { range: 'bytes=0-7' });
    expect([part.status, await part.text()]).toEqual([206, 'starting']);
    expect(await (await get(log('?lines=6-7'))).text()).toBe('line 0\nline 1\n');
    expect(await (await get(log('?lines=1206'))).text()).toBe('last, without an end');
    expect((await get(log('?lines=1207'))).status).toBe(404);
    expect((await get(log('?lines=x'))).status).toBe(400);
  });

  it('is compressed for whoever takes that, and not sent again', async () => {
    const whole = await get(log(), { 'accept-encoding': 'identity' });
    expect(whole.headers.get('content-encoding')).toBeNull();
    const squeezed = await fetch(`${farm.address}/api/v1${log()}`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(squeezed.headers.get('content-encoding')).toBe('gzip');
    expect(await squeezed.text()).toBe(guix);
    const tag = whole.headers.get('etag')!;
    expect((await get(log(), { 'if-none-match': tag })).status).toBe(304);
  });
});
