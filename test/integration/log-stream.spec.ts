/** A log that many follow while it grows: everybody has all of it, in order, once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;

beforeAll(async () => {
  farm = await startApiFarm();
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
}, 60_000);

interface Told {
  readonly event: string;
  readonly id: number;
  readonly data: unknown;
}

class Reader {
  readonly events: Told[] = [];
  private rest = '';
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();

  constructor(answer: Response) {
    expect(answer.status).toBe(200);
    this.reader = answer.body!.getReader();
  }

  get text(): string {
    return this.events
      .filter(({ event }) => event === 'log')
      .map(({ data }) => data as string)
      .join('');
  }

  /** Reads on until it is so, or the stream has ended. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { value, done } = await this.reader.read();
      if (done) return;
      const parts = (this.rest + this.decoder.decode(value, { stream: true })).split('\n\n');
      this.rest = parts.pop() ?? '';
      for (const part of parts) {
        const match = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/s.exec(part);
        if (match) {
          const [, id, event = '', data = ''] = match;
          this.events.push({ id: Number(id), event, data: JSON.parse(data) });
        }
      }
    }
  }

  async close(): Promise<void> {
    await this.reader.cancel().catch(() => undefined);
  }
}

async function follow(query = '', headers: Record<string, string> = {}): Promise<Reader> {
  const path = `/api/v1/builds/${seeded.builds.running}/log/stream${query}`;
  return new Reader(await fetch(`${farm.address}${path}`, { headers }));
}

async function say(text: string | Buffer): Promise<void> {
  const { logs, bus } = farm.parts;
  const key = `attempt-${seeded.attempts.running}` as const;
  const size = await logs.append(key, await logs.size(key), Buffer.from(text));
  await bus.publish(`live/log/${key}`, String(size));
}

const snowman = Buffer.from('☃');

describe('a log that many follow', () => {
  it('reaches everybody whole, whenever they came and whatever they have', async () => {
    await say('before\n');
    const early = await Promise.all(Array.from({ length: 20 }, () => follow()));
    await Promise.all(early.map((one) => one.until(() => one.text === 'before\n')));
    // A character in two pieces, between which others come.
    await say(Buffer.concat([Buffer.from('a'), snowman.subarray(0, 1)]));
    const late = await Promise.all(Array.from({ length: 20 }, () => follow()));
    await say(Buffer.concat([snowman.subarray(1), Buffer.from('b\n')]));
    const resumed = await follow('', { 'last-event-id': '7' });
    for (let n = 0; n < 200; n += 1) await say(`line ${n} ${'x'.repeat(n)}\n`);
    const { logs } = farm.parts;
    const key = `attempt-${seeded.attempts.running}` as const;
    const pieces: Uint8Array[] = [];
    for await (const piece of logs.read(key, 0, 1e9)) pieces.push(piece);
    const whole = Buffer.concat(pieces).toString();
    for (const one of [...early, ...late]) {
      await one.until(() => one.text.length >= whole.length);
      expect(one.text).toBe(whole);
      const ids = one.events.filter(({ event }) => event === 'log').map(({ id }) => id);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      await one.close();
    }
    await resumed.until(() => resumed.text.length >= whole.length - 7);
    expect(resumed.text).toBe(whole.slice(7));
    await resumed.close();
  });

  it('tells pages how many lines there are, and the last of them', async () => {
    const page = await follow('?format=lines');
    await page.until(() => page.events.some(({ event }) => event === 'lines'));
    await say('\u001b[31mred\u001b[0m and half');
    const last = () => page.events.at(-1)!.data as { total: number; lines: { text: string }[] };
    await page.until(() => last().lines?.at(-1)?.text === 'red and half');
    const { total } = last();
    await say(' more\nnext\n');
    await page.until(() => last().lines?.at(-1)?.text === 'next');
    expect(last().total).toBe(total + 1);
    expect(last().lines.map(({ text }) => text)).toEqual(['red and half more', 'next']);
    const other = await follow('?format=lines');
    await other.until(() => other.events.some(({ event }) => event === 'lines'));
    expect(other.events.map(({ event }) => event)).toEqual(['attempt', 'lines']);
    await Promise.all([page.close(), other.close()]);
  });

  it('ends for everybody when the build does', async () => {
    const readers = await Promise.all(['', '?format=lines', '?format=spans'].map((q) => follow(q)));
    await Promise.all(readers.map((one) => one.until(() => one.events.length > 1)));
    await say('the last words\n');
    const { database, bus } = farm.parts;
    const build = seeded.builds.running;
    await database.execute(`delete from leases where build_id = $1`, [build]);
    await database.execute(
      `update attempts set status = 'succeeded', ended_at = now() where build_id = $1`,
      [build],
    );
    await database.execute(
      `update builds set status = 'succeeded', ended_at = now() where id = $1`,
      [build],
    );
    await bus.publish('live/builds', JSON.stringify({ build, status: 'succeeded' }));
    await Promise.all(readers.map((one) => one.until(() => false)));
    for (const one of readers) {
      expect(one.events.at(-1)).toMatchObject({ event: 'end', data: { status: 'succeeded' } });
    }
    expect(readers[0]!.text).toMatch(/the last words\n$/);
  });
});
