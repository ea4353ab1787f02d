/**
 * An untrusted specification on a farm of real processes: what it builds lives in a store of its
 * own, under a key of its own, and a trusted one reuses of it what it may. Needs a build before it.
 */
import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNarinfo } from '#formats/narinfo.js';
import { startGitHttpServer, type GitHttpServer } from '#testkit/git-http-server.js';
import { recordedDelivery } from '#testkit/recorded-deliveries.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';
import { RealFarm } from './worker-support/real-farm.js';

let farm: RealFarm;
let forge: GitHttpServer | undefined;

beforeAll(async () => {
  farm = await RealFarm.start();
  await farm.worker('builder');
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await forge?.close();
}, 30_000);

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

describe('a pull request of a fork', () => {
  const secret = 'between the farm and the forge';

  /** As the forge of the fixture tells it, of repositories that can be fetched here. */
  async function tell(name: string, at: { readonly url: string; readonly revision: string }) {
    const { headers, body } = await recordedDelivery('gitea', name);
    const told = JSON.parse(body.toString('utf8'));
    told.repository.clone_url = `${at.url}/ann/channel`;
    told.pull_request.head.repo.clone_url = `${at.url}/bob/channel`;
    told.pull_request.head.sha = at.revision;
    const bytes = JSON.stringify(told);
    const mark = createHmac('sha256', secret).update(bytes).digest('hex');
    const answer = await fetch(`${farm.apis[0]!.address}/webhooks/home`, {
      method: 'POST',
      headers: { ...headers, 'x-gitea-signature': mark, 'content-length': String(bytes.length) },
      body: bytes,
    });
    expect(answer.status).toBe(202);
  }

  it('is built apart from what the farm offers, and let go when it is closed', async () => {
    const directory = join(farm.directory, 'forge');
    const ours = await ScenarioChannel.create(join(directory, 'ann', 'channel'));
    await ours.commitRecipes([base]);
    const theirs = await ScenarioChannel.create(join(directory, 'bob', 'channel'));
    await theirs.git('checkout', '--quiet', '-b', 'update-hello');
    const patched = { name: 'patched', script: 'echo of a stranger > $out' };
    const revision = await theirs.commitRecipes([patched]);
    forge = await startGitHttpServer({ directory });
    const { url } = forge;
    const credentials = join(farm.directory, 'data', 'secrets', 'credentials');
    await mkdir(credentials, { recursive: true });
    await writeFile(join(credentials, 'hook'), secret, { mode: 0o600 });
    await farm.send('PUT', '/api/v1/forges/home', {
      kind: 'gitea',
      address: url,
      secrets: ['hook'],
    });
    await farm.send('PUT', '/api/v1/specifications/model', {
      ...{ name: 'model', backend: 'local', selection: { file: 'farm.json' }, active: false },
      channels: [{ name: 'own', url: `${url}/ann/channel`, branch: 'main', credential: 'hook' }],
    });
    const template = { repository: 'example/channel', specification: 'model', admits: 'everyone' };
    await farm.send('POST', '/api/v1/forges/home/templates', template);

    await tell('request-opened', { url, revision });
    const build = await farm.until('the build of the request', async () => {
      const at = '/api/v1/evaluations?specification=model-pr-12';
      const [one] = (await farm.get<{ items: { id: string }[] }>(at)).items;
      if (!one) return null;
      const jobs = `/api/v1/evaluations/${one.id}/jobs?limit=500`;
      const [job] = (await farm.get<{ items: { build: string | null }[] }>(jobs)).items;
      return job?.build ?? null;
    });
    const built = await farm.is(build, 'succeeded');
    expect(built.store.slug).toBe('local-untrusted');
    const narinfo = built.outputs[0]!.narinfo!;
    expect((await fetch(narinfo)).status).toBe(200);
    expect((await fetch(narinfo.replace('/local-untrusted/', '/local/'))).status).toBe(404);
    const { specification } = await farm.get<{ specification: object }>(
      '/api/v1/specifications/model-pr-12',
    );
    expect(JSON.stringify(specification)).not.toContain('hook');
    // What the farm shows of itself to a repository of its own is not shown to a fork.
    expect(forge.shown.filter((login) => login !== null)).toEqual([]);

    await tell('request-closed', { url, revision });
    await farm.until('the end of the request', async () => {
      const answer = await farm.request('GET', '/api/v1/specifications/model-pr-12');
      return answer.status === 404 ? true : null;
    });
  }, 60_000);
});
