/**
 * kill -9 of the substituter amid twenty uploads and a collection of garbage: what is offered
 * afterwards is whole, and nothing that is kept is gone. Some seeds in every run, more in the full.
 */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { formatHash, sha256 } from '#formats/hash.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { storeCommand } from '../../../apps/cli/store/store-command.js';
import { raw } from '../substituter-harness.js';
import { KillFarm, type Item } from './kill-farm.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const seeds = Array.from({ length: isFull ? 12 : 1 }, (_, i) => `killed ${i + 1}`);
const uploaders = 20;
const idles = 12;
const each = isFull ? 6 : 2;
const deaths = isFull ? 4 : 2;
const patience = 180_000;

let farm: KillFarm;
afterEach(async () => {
  jest.restoreAllMocks();
  await farm?.stop();
}, 60_000);

interface Population {
  /** Pinned, and all that those refer to. */
  readonly kept: readonly Item[];
  /** Nothing keeps them. */
  readonly idle: readonly Item[];
}

/** What was published a year ago. */
async function before(): Promise<Population> {
  const root = farm.item('root', []);
  const below = Array.from({ length: 4 }, (_, i) => farm.item(`below-${i}`, [root]));
  const pinned = below.map((one, i) => farm.item(`pinned-${i}`, [one]));
  const idle = Array.from({ length: idles }, (_, i) =>
    farm.item(`idle-${i}`, i % 3 === 0 ? [] : [root]),
  );
  const later = idle.map((one, i) => farm.item(`on-idle-${i}`, [one]));
  for (const layer of [[root], below, [...pinned, ...idle], later]) {
    await Promise.all(layer.map((one) => farm.publish(one)));
  }
  await Promise.all(pinned.map((one) => farm.pin(one)));
  const kept = [root, ...below, ...pinned];
  await farm.age(kept);
  return { kept, idle: [...idle, ...later] };
}

/** A chain of new paths: on what is kept, on what may go, and with contents of what may go. */
async function upload(number: number, { kept, idle }: Population): Promise<Item[]> {
  const chance = farm.chance.fork(`uploader ${number}`);
  const client = farm.client();
  const done: Item[] = [];
  for (let i = 0; i < each; i += 1) {
    const name = `new-${number}-${i}`;
    const last = done.at(-1);
    const old = chance.pick(chance.odds(0.8) ? kept : idle);
    // What was let go, or is about to be, comes again.
    await farm.publish(chance.pick(idle), client);
    const twin = chance.odds(0.7) ? `idle-${chance.whole(0, idles - 1)}` : name;
    const item = farm.item(name, last ? [old, last] : [old], twin);
    await farm.publish(item, client);
    done.push(item);
  }
  return done;
}

/** `gambeson store verify`: its exit status, and what it said. */
async function verify(): Promise<{ status: number; said: string }> {
  const said: string[] = [];
  const write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation(write);
  }
  const token = join(farm.data, 'secrets', 'admin-token');
  const words = ['verify', '--farm', farm.api.address, '--admin-token-file', token];
  await storeCommand().parseAsync(words, { from: 'user' });
  const status = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  jest.restoreAllMocks();
  return { status, said: said.join('') };
}

/** What a client finds wrong with it; null when it is whole. */
async function complaint(path: string, offered: ReadonlySet<string>): Promise<string | null> {
  const answer = await raw(`${farm.address}/nix/${path.slice(0, 32)}.narinfo`);
  if (answer.status !== 200) return `${path}: its narinfo is answered with ${answer.status}`;
  const narinfo = parseNarinfo(answer.body.toString());
  if (!narinfo.ok) return `${path}: its narinfo cannot be read`;
  const { encodings, narHash, references } = narinfo.value;
  const missing = references.filter((name) => !offered.has(name));
  if (missing.length > 0) return `${path} refers to ${missing.join(', ')}, which are not offered`;
  const file = await raw(`${farm.address}/nix/${encodings[0]!.url}`);
  if (file.status !== 200) return `${path}: its nar is answered with ${file.status}`;
  const digest = sha256(zstdDecompressSync(file.body));
  const same = formatHash({ algorithm: 'sha256', digest }) === narHash;
  return same ? null : `${path}: its nar is another one`;
}

describe('a substituter that is killed amid uploads and a collection of garbage', () => {
  it.each(seeds)(
    'offers nothing afterwards that is not whole, and has lost nothing that is kept (%s)',
    async (seed) => {
      farm = await KillFarm.start(seed);
      const population = await before();
      const chance = farm.chance.fork('deaths');
      const collecting = farm.collect(population.idle);
      const killing = (async (): Promise<void> => {
        for (let i = 0; i < deaths; i += 1) {
          await farm.killAfter(chance.whole(10, 150));
        }
      })();
      const uploads = Array.from({ length: uploaders }, (_, i) => upload(i, population));
      const published = (await Promise.all(uploads)).flat();
      farm.uploadsEnded();
      await Promise.all([collecting, killing]);

      // Otherwise nothing was tried.
      expect(farm.kills).toBeGreaterThan(0);
      expect(farm.cuts).toBeGreaterThan(0);
      expect(farm.collected).toBeGreaterThan(0);
      expect(farm.unlinked).toBeGreaterThan(0);

      expect(await verify()).toMatchObject({ status: 0 });
      const rows = await farm.api.parts.database.query<{ path: string }>(
        'select path from store_paths where withdrawn_at is null',
      );
      const offered = new Set(rows.map(({ path }) => path));
      const told = [...population.kept, ...published].map(({ path }) => path);
      expect(told.filter((path) => !offered.has(path))).toEqual([]);
      const complaints = await Promise.all([...offered].map((path) => complaint(path, offered)));
      expect(complaints.filter((one) => one !== null)).toEqual([]);
    },
    patience,
  );
});
