/** Two people at one form of /admin, and forms beside programs: nothing is lost unseen. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminFarm } from './admin-farm.js';
import { fieldsOf, type Shown } from './plain-browser.js';

let farm: AdminFarm;
beforeAll(async () => {
  farm = await AdminFarm.start();
}, 60_000);
afterAll(() => farm.stop());

async function formAt(address: string, action = address): Promise<Map<string, string>> {
  return new Map(fieldsOf((await farm.ask(address)).text, action));
}

const statuses = (shown: readonly Shown[]) => shown.map(({ status }) => status).sort();

describe('the form of a store', () => {
  const address = '/admin/stores/nix';

  it('that another changed meanwhile is not saved, and shows what each changed', async () => {
    const mine = await formAt(address);
    const theirs = await formAt(address);
    theirs.set('ttlSeconds', '77').set('private', 'on');
    expect((await farm.ask(address, [...theirs])).status).toBe(303);
    const late = await farm.ask(address, [...mine.set('priority', '35')]);
    expect(late.status).toBe(412);
    expect(late.text).toMatch(/<th scope="row">ttlSeconds<\/th>.*<code class="break">77<\/code>/s);
    expect(late.text).toMatch(/<th scope="row">priority<\/th>.*<code class="break">35<\/code>/s);
    expect(await farm.rest('/stores/nix')).toMatchObject({ ttlSeconds: 77, priority: 40 });
    const again = fieldsOf(late.text, address);
    expect((await farm.ask(address, again)).status).toBe(303);
    expect(await farm.rest('/stores/nix')).toMatchObject({ priority: 35, private: false });
  });

  it('of many that are sent at once is saved once', async () => {
    const form = await formAt(address);
    const sent = Array.from({ length: 8 }, (_, at) => {
      return farm.ask(address, [...new Map(form).set('priority', String(50 + at))]);
    });
    expect(statuses(await Promise.all(sent))).toEqual([303, ...Array(7).fill(412)]);
  });

  it('that does not say what it was made of is shown what stands', async () => {
    const form = [...(await formAt(address))].filter(([name]) => name !== 'seen');
    expect((await farm.ask(address, form)).status).toBe(412);
  });
});

describe('the form of a forge', () => {
  const berg = { name: 'berg', kind: 'forgejo', address: 'https://forge.example', secrets: 'a' };

  it('that adds one of a name that is taken changes nothing', async () => {
    expect((await farm.ask('/admin/forges', berg)).status).toBe(303);
    const other = await farm.ask('/admin/forges', { ...berg, address: 'https://other.example' });
    expect([other.status, other.text]).toEqual([
      422,
      expect.stringContaining('berg is heard already'),
    ]);
    expect(await farm.rest('/forges/berg')).toMatchObject({ address: 'https://forge.example' });
  });

  it('that another changed meanwhile is not saved; what is wrong stays in the form', async () => {
    const [mine, theirs] = [
      await formAt('/admin/forges/berg', '/admin/forges'),
      await formAt('/admin/forges/berg', '/admin/forges'),
    ];
    const wrong = await farm.ask('/admin/forges', [...theirs.set('address', 'no address')]);
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('no address')]);
    const right = new Map(fieldsOf(wrong.text, '/admin/forges'));
    right.set('address', 'https://new.example');
    expect((await farm.ask('/admin/forges', [...right])).status).toBe(303);
    const late = await farm.ask('/admin/forges', [...mine.set('secrets', 'b')]);
    expect([late.status, late.text]).toEqual([412, expect.stringContaining('https://new.example')]);
    expect(await farm.rest('/forges/berg')).toMatchObject({
      ...{ address: 'https://new.example', secrets: ['a'] },
    });
  });
});

describe('the form of an upstream', () => {
  it('adds one, tells what is wrong with its keys, and is written down', async () => {
    const form = { store: 'nix', url: 'https://cache.example.org/', publicKeys: 'no key' };
    const wrong = await farm.ask('/admin/upstreams', form);
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('#f-publicKeys"')]);
    const keys = ['a', 'b'].map((name) => `${name}:${Buffer.alloc(32).toString('base64')}`);
    const right = { ...form, publicKeys: keys.join('\r\n\r\n'), position: '7' };
    expect((await farm.ask('/admin/upstreams', right)).location).toContain('done=added');
    const { items } = await farm.rest<{ items: object[] }>('/upstreams');
    expect(items).toMatchObject([
      { url: 'https://cache.example.org', store: 'nix', publicKeys: keys, position: 7 },
    ]);
    expect((await farm.ask('/admin/upstreams', right)).status).toBe(422);
    expect((await farm.ask('/admin/stores')).text).toContain('https://cache.example.org');
    const [entry] = await farm.audited('upstream/https://cache.example.org/');
    expect(entry).toMatchObject({ action: 'upstream.manage' });
  });
});
