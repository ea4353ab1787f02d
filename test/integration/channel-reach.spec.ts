/** Channels inside the farm's own network, and names that change what they mean. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GitChannels } from '#adapters/git/git-channels.js';
import { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { never } from '#std/cancellation.js';
import { startGitHttpServer, type GitHttpServer } from '#testkit/git-http-server.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';

let root: string;
let revision: string;
let server: GitHttpServer;
let port: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gambeson-reach-'));
  const channel = await ScenarioChannel.create(join(root, 'served', 'pkgs.git'));
  revision = await channel.commitFiles({ 'release.nix': '1' });
  server = await startGitHttpServer({ directory: join(root, 'served') });
  ({ port } = new URL(server.url));
});
afterAll(async () => {
  await server?.close();
  await rm(root, { recursive: true, force: true });
});

let mirrors = 0;

/** What comes of fetching from this address, where a name means these addresses, one at a time. */
function fetcher(allowed: readonly string[], means: readonly (readonly string[])[] = []) {
  const asked: string[] = [];
  const look = async (host: string) => {
    const found = /^[0-9.]+$|:/.test(host) ? [host] : (means[asked.length] ?? []);
    asked.push(host);
    if (found.length === 0) throw new Error('ENOTFOUND');
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  const addresses = new ReachableAddresses(allowed, 'GAMBESON_PRIVATE_CHANNELS', look);
  const channels = new GitChannels({
    directory: join(root, `mirrors-${(mirrors += 1)}`),
    limits: { idleSeconds: 20, totalSeconds: 20 },
    addresses,
  });
  const fetch = (url: string): Promise<string> =>
    channels
      .fetch({ name: 'pkgs', url, branch: 'main' }, never)
      .catch((fault: Error) => fault.message);
  return { asked, fetch };
}

describe('a channel inside a private network', () => {
  it('is fetched where the settings allow it, else refused by it', async () => {
    const url = `${server.url}/pkgs.git`;
    expect(await fetcher(['127.0.0.1']).fetch(url)).toBe(revision);
    const before = server.shown.length;
    expect(await fetcher([]).fetch(url)).toMatch(
      /127\.0\.0\.1 is inside a private network.*GAMBESON_PRIVATE_CHANNELS allows/,
    );
    expect(server.shown.length).toBe(before);
  });

  it('is refused over ssh and git too, and in other spellings', async () => {
    const { fetch } = fetcher([], [['10.0.0.1'], ['169.254.169.254']]);
    expect(await fetch('ssh://git@inside.example/x.git')).toContain('inside a private network');
    expect(await fetch('git://metadata.example/x.git')).toContain('inside a private network');
    expect(await fetch('http://[::1]/x.git')).toContain('inside a private network');
    expect(await fetch('http://good.example\\@127.0.0.1/x.git')).toContain('more than one way');
  });
});

describe('a name that changes what it means', () => {
  it('is looked up once, and git goes nowhere else', async () => {
    // No resolver of this machine knows the name: only being held to the address leads there.
    const { asked, fetch } = fetcher(['127.0.0.1'], [['127.0.0.1'], ['10.0.0.1']]);
    const url = `http://channel.example:${port}/pkgs.git`;
    expect(await fetch(url)).toBe(revision);
    expect(asked).toEqual(['channel.example']);
    expect(await fetch(url)).toContain('inside a private network (10.0.0.1)');
  });

  it('is refused when only one of its addresses is inside', async () => {
    const { fetch } = fetcher([], [['192.0.32.8', '127.0.0.1']]);
    expect(await fetch(`http://both.example:${port}/pkgs.git`)).toContain('(127.0.0.1)');
  });

  it('is not followed when it sends elsewhere', async () => {
    const redirect = `http://elsewhere.example:${port}`;
    const sending = await startGitHttpServer({ directory: join(root, 'served'), redirect });
    try {
      const answer = await fetcher(['127.0.0.1']).fetch(`${sending.url}/pkgs.git`);
      expect(answer).toMatch(/redirect|302|301|307/i);
      expect(answer).not.toContain('resolve');
    } finally {
      await sending.close();
    }
  });
});
