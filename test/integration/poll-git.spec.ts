/** The channel source against real git repositories, good and bad. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GitChannels } from '#adapters/git/git-channels.js';
import type { Channel } from '#domain/specification/specification.js';
import { FarmFault } from '#std/farm-fault.js';
import { never } from '#std/cancellation.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';

let root: string;
let upstream: ScenarioChannel;
let channels: GitChannels;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gambeson-git-'));
  upstream = await ScenarioChannel.create(join(root, 'upstream'));
  await upstream.commitFiles({ 'release.nix': '1', 'pkgs/a.nix': 'a' });
  channels = new GitChannels({
    directory: join(root, 'mirrors'),
    limits: { idleSeconds: 30, totalSeconds: 60 },
  });
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function channel(more: Partial<Channel> = {}): Channel {
  return { name: 'pkgs', url: upstream.url, branch: 'main', ...more };
}

async function git(...parameters: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', parameters);
  return stdout.trim();
}

async function faultOf(work: Promise<unknown>): Promise<FarmFault> {
  const fault = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (fault instanceof FarmFault) return fault;
  throw fault;
}

describe('fetching a channel', () => {
  it('finds the head of its branch, and the new one after a push', async () => {
    const first = await upstream.revision();
    expect(await channels.fetch(channel(), never)).toBe(first);
    const second = await upstream.commitFiles({ 'release.nix': '2' });
    expect(await channels.fetch(channel(), never)).toBe(second);
    expect(await channels.isAncestor(channel(), first, second)).toBe(true);
    expect(await channels.isAncestor(channel(), second, first)).toBe(false);
  });

  it('follows a branch that goes back, and keeps the revision that was left', async () => {
    const first = await upstream.revision();
    const second = await upstream.commitFiles({ 'release.nix': '3' });
    expect(await channels.fetch(channel(), never)).toBe(second);
    await upstream.goTo(first);
    expect(await channels.fetch(channel(), never)).toBe(first);
    const directory = join(root, 'left');
    await channels.checkout(channel(), second, directory);
    expect(await readFile(join(directory, 'release.nix'), 'utf8')).toBe('3');
  });

  it('uses a pinned commit, also one that is not the head', async () => {
    const first = await upstream.revision();
    await upstream.commitFiles({ 'release.nix': '4' });
    expect(await channels.fetch(channel({ commit: first }), never)).toBe(first);
  });

  it('tells an unknown branch from an unknown revision and an unreachable address', async () => {
    const branch = await faultOf(channels.fetch(channel({ branch: 'nowhere' }), never));
    expect(branch).toMatchObject({ code: 'unknown-branch' });
    expect(branch.message).toContain('has no branch nowhere');
    const commit = 'a'.repeat(40);
    const revision = await faultOf(channels.fetch(channel({ commit }), never));
    expect(revision).toMatchObject({ code: 'unknown-revision' });
    const url = `file://${root}/missing`;
    const address = await faultOf(channels.fetch(channel({ url }), never));
    expect(address).toMatchObject({ code: 'fetch-failed' });
    expect(address.message).toMatch(/missing/);
  });

  it('never tells a password', async () => {
    const url = 'http://someone:hunter2@127.0.0.1:1/pkgs.git';
    const fault = await faultOf(channels.fetch(channel({ url }), never));
    expect(fault.message).toContain('http://127.0.0.1:1/pkgs.git');
    expect(JSON.stringify([fault.message, fault.stack])).not.toMatch(/hunter2|someone/);
  });

  it.each([
    ['an option as address', { url: '--upload-pack=touch /tmp/x' }],
    ['an option as host', { url: 'ssh://-oProxyCommand=touch%20x/y' }],
    ['a remote helper', { url: 'ext::sh -c touch% /tmp/x' }],
    ['a plain path', { url: '/etc' }],
    ['an option as branch', { branch: '--exec=x' }],
    ['a refspec as branch', { branch: 'main:refs/heads/other' }],
    ['a range as branch', { branch: 'a..b' }],
    ['an option as commit', { commit: '--output=/tmp/x' }],
  ])('refuses %s before git sees it', async (_what, more) => {
    const fault = await faultOf(channels.fetch(channel(more), never));
    expect(fault).toMatchObject({ code: 'fetch-failed', retry: 'never' });
    expect(fault.message).toMatch(/^the (address|branch|commit) is not/);
  });

  it('fetches once for all who ask while it waits, and one at a time', async () => {
    const revision = await upstream.revision();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => channels.fetch(channel(), never)),
    );
    expect(new Set(all)).toEqual(new Set([revision]));
  });
});

describe('a lent repository', () => {
  it('is what was upstream then, with the keys, after the branch is gone', async () => {
    const mine = await ScenarioChannel.create(join(root, 'signed'));
    const first = await mine.commitFiles({ '.guix-channel': '(channel (version 0))' });
    await mine.git('checkout', '--quiet', '--orphan', 'keyring');
    const keys = await mine.commitFiles({ 'me.key': 'KEY' });
    await mine.git('checkout', '--quiet', 'main');
    const revision = await mine.commitFiles({ 'more.scm': '' });
    const introduction = { commit: first, fingerprint: 'F'.repeat(40) };
    const source = channel({ url: mine.url, introduction });
    expect(await channels.fetch(source, never)).toBe(revision);
    await mine.remove();
    const directory = join(root, 'lent');
    const lent = await channels.lend(source, revision, directory);
    expect(lent.borrows).toHaveLength(1);
    const clone = join(root, 'clone');
    await git('clone', '--quiet', `file://${directory}`, clone);
    expect(await git('-C', clone, 'rev-parse', 'HEAD', 'origin/keyring', 'HEAD^')).toBe(
      [revision, keys, first].join('\n'),
    );
  });

  it('holds what was read before its mirror was packed', async () => {
    const bounds = { looseAtMost: 2, packsAtMost: 1 };
    const packing = new GitChannels({ directory: join(root, 'packing'), bounds });
    const first = await packing.fetch(channel(), never);
    for (const between of ['a', 'b', 'c', 'd']) {
      await upstream.commitFiles({ 'release.nix': between });
      await packing.fetch(channel(), never);
    }
    const second = await upstream.commitFiles({ 'release.nix': 'packed' });
    expect(await packing.fetch(channel(), never)).toBe(second);
    await upstream.goTo(first);
    const { borrows } = await packing.lend(channel(), second, join(root, 'lent-packed'));
    const counted = await git('-C', borrows[0]!, 'count-objects', '-v');
    expect(counted).toMatch(/^count: 0$/m);
    expect(counted).toMatch(/^packs: [123]$/m);
    expect(await git('-C', join(root, 'lent-packed'), 'show', 'main:release.nix')).toBe('packed');
    expect(await git('-C', borrows[0]!, 'for-each-ref', 'refs/gambeson/pins')).toContain(second);
  });

  it('has no keys where nothing is authenticated', async () => {
    const revision = await channels.fetch(channel(), never);
    const directory = join(root, 'lent-plain');
    await channels.lend(channel(), revision, directory);
    expect(await git('-C', directory, 'for-each-ref', '--format=%(refname)')).toBe(
      'refs/heads/main',
    );
  });
});

describe('a server that hangs', () => {
  let server: Server;
  let url: string;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}/pkgs.git`;
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('is given up after the time-out, its child is gone, and others are not held up', async () => {
    const impatient = new GitChannels({
      directory: join(root, 'impatient'),
      limits: { idleSeconds: 1, totalSeconds: 20 },
    });
    const hanging = faultOf(impatient.fetch(channel({ url }), never));
    expect(await impatient.fetch(channel(), never)).toBe(await upstream.revision());
    const fault = await hanging;
    expect(fault).toMatchObject({ code: 'fetch-failed' });
    expect(fault.message).toMatch(/too slow|too long|cannot be fetched/);
    await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')));
  });

  it('is left at once when nobody waits any more', async () => {
    const stop = new AbortController();
    const connected = once(server, 'connection');
    const hanging = faultOf(channels.fetch(channel({ url }), stop.signal));
    await connected;
    stop.abort();
    expect(await hanging).toMatchObject({ code: 'canceled' });
  });
});

describe('a checkout', () => {
  it('is read-only, has no .git, and runs nothing that the channel configures', async () => {
    const hostile = await ScenarioChannel.create(join(root, 'hostile'));
    const trap = join(root, 'trap');
    await mkdir(join(hostile.directory, 'hooks'));
    await writeFile(
      join(hostile.directory, 'hooks', 'post-checkout'),
      `#!/bin/sh\ntouch ${trap}\n`,
    );
    await symlink('/etc/passwd', join(hostile.directory, 'passwd'));
    const revision = await hostile.commitFiles({
      '.gitattributes': '* filter=trap\n*.txt export-ignore\n',
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::touch ${trap}\n`,
      'kept.txt': 'kept',
      'script.sh': '#!/bin/sh\n',
    });
    const source = channel({ url: hostile.url });
    expect(await channels.fetch(source, never)).toBe(revision);
    const directory = join(root, 'checkout');
    await channels.checkout(source, revision, directory);
    const names = await readdir(directory);
    expect(names.sort()).toEqual([
      ...['.gitattributes', '.gitmodules', 'hooks', 'kept.txt', 'passwd', 'script.sh'],
    ]);
    expect((await lstat(join(directory, 'kept.txt'))).mode & 0o777).toBe(0o444);
    expect((await lstat(directory)).mode & 0o222).toBe(0);
    expect((await lstat(join(directory, 'passwd'))).isSymbolicLink()).toBe(true);
    await expect(lstat(trap)).rejects.toThrow();
  });
});
