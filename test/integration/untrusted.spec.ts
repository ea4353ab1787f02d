/**
 * An untrusted specification on a farm of real processes: what it builds lives in a store of its
 * own, under a key of its own, and a trusted one reuses of it what it may. Needs a build before it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNarinfo } from '#formats/narinfo.js';
import { RealFarm } from './worker-support/real-farm.js';

let farm: RealFarm;

beforeAll(async () => {
  farm = await RealFarm.start();
  await farm.worker('builder');
}, 60_000);
afterAll(() => farm?.stop(), 30_000);

const base = { name: 'base', script: 'echo the base > $out' };
const extra = { name: 'extra', script: 'cat $input_base > $out', inputs: ['base'] };

async function signersOf(narinfo: string | null): Promise<string[]> {
  const text = await (await fetch(narinfo!)).text();
  const parsed = parseNarinfo(text);
  return parsed.ok ? parsed.value.signatures.map((one) => one.split(':')[0]!) : [];
}

describe('an untrusted specification', () => {
  it('builds apart, and is reused where its builder was closed in', async () => {
    const trusted = await farm.evaluate([base]);
    const known = await farm.is(trusted.get('base')!, 'succeeded');

    const asked = await farm.evaluate([base, extra], { trust: 'untrusted' });
    const reused = await farm.is(asked.get('base')!, 'succeeded');
    expect(reused).toMatchObject({ store: { slug: 'local-untrusted' }, attempts: [] });
    const built = await farm.is(asked.get('extra')!, 'succeeded');
    // The key of a store that is some seconds old may come after its first attempt.
    expect(built.store.slug).toBe('local-untrusted');
    expect(built.attempts.at(-1)).toMatchObject({ status: 'succeeded' });
    const [ours, theirs] = [known.outputs[0]!.narinfo, built.outputs[0]!.narinfo];
    const [farmKey, ownKey] = [await signersOf(ours), await signersOf(theirs)];
    expect(ownKey).toHaveLength(1);
    expect(ownKey).not.toEqual(farmKey);
    expect((await fetch(theirs!.replace('/local-untrusted/', '/local/'))).status).toBe(404);

    const [row] = await farm.database.query<{ sandboxed: boolean }>(
      `select p.sandboxed from store_paths p join stores s on s.id = p.store_id
        where s.slug = 'local-untrusted' and p.path like '%-extra'`,
    );
    const again = await farm.evaluate([base, extra]);
    const taken = await farm.is(again.get('extra')!, 'succeeded');
    expect(taken.store.slug).toBe('local');
    expect(taken.attempts).toHaveLength(row!.sandboxed ? 0 : 1);
    expect(await signersOf(taken.outputs[0]!.narinfo)).toEqual(farmKey);
  }, 60_000);
});
