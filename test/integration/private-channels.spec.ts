/** Private channels: git over HTTP that wants a password, and ssh with a key and known hosts. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GitChannels } from '#adapters/git/git-channels.js';
import { Credentials } from '#adapters/system/credentials.js';
import type { Channel } from '#domain/specification/specification.js';
import { never } from '#std/cancellation.js';
import { startGitHttpServer, type GitHttpServer } from '#testkit/git-http-server.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';

const token = 'glpat-Gh57_secret';
let root: string;
let upstream: ScenarioChannel;
let revision: string;
let server: GitHttpServer;
let channels: GitChannels;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gambeson-private-'));
  upstream = await ScenarioChannel.create(join(root, 'served', 'pkgs.git'));
  revision = await upstream.commitFiles({ 'release.nix': '1' });
  const directory = join(root, 'served');
  server = await startGitHttpServer({ directory, login: `x-access-token:${token}` });
  const secrets = join(root, 'credentials');
  await mkdir(secrets, { mode: 0o700 });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(secrets, name), `${text}\n`, { mode: 0o600 });
  await write('good', token);
  await write('named', `x-access-token:${token}`);
  await write('wrong', 'glpat-another');
  await write('key', 'PRIVATE KEY');
  channels = new GitChannels({
    directory: join(root, 'mirrors'),
    credentials: new Credentials(secrets),
    limits: { idleSeconds: 30, totalSeconds: 60 },
  });
});

afterAll(async () => {
  await server?.close();
  await rm(root, { recursive: true, force: true });
});

function channel(more: Partial<Channel> = {}): Channel {
  return { name: 'pkgs', url: `${server.url}/pkgs.git`, branch: 'main', ...more };
}

function fetched(more: Partial<Channel>): Promise<string> {
  return channels.fetch(channel(more), never).catch((fault: Error) => fault.message);
}

describe('a private channel over HTTP', () => {
  it.each(['good', 'named'])('is fetched with the credential %s', async (credential) => {
    expect(await fetched({ credential })).toBe(revision);
    const directory = join(root, `checkout-${credential}`);
    await channels.checkout(channel({ credential }), revision, directory);
    expect(await readFile(join(directory, 'release.nix'), 'utf8')).toBe('1');
  });

  it('is given to nobody without its credential, though its bytes are here', async () => {
    expect(await fetched({ credential: 'good' })).toBe(revision);
    for (const commit of [undefined, revision]) {
      expect(await fetched({ commit })).toContain('could not read Username');
      expect(await fetched({ commit, credential: 'wrong' })).toContain('Authentication failed');
    }
  });

  it('leaves no trace of its password on disk', async () => {
    expect(await fetched({ credential: 'good' })).toBe(revision);
    const files = await readdir(join(root, 'mirrors'), { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
    );
    expect(texts.length).toBeGreaterThan(3);
    expect(texts.filter((text) => text.includes(token))).toEqual([]);
  });

  it('tells its password to no other host', async () => {
    const other = await startGitHttpServer({ directory: join(root, 'served'), login: 'a:b' });
    const astray = await startGitHttpServer({
      ...{ directory: join(root, 'served'), redirect: other.url },
    });
    try {
      const url = `${astray.url}/pkgs.git`;
      expect(await fetched({ credential: 'good', url })).toContain('cannot be fetched');
      expect(other.shown.length).toBeGreaterThan(0);
      expect(new Set(other.shown)).toEqual(new Set([null]));
    } finally {
      await Promise.all([other.close(), astray.close()]);
    }
  });

  it.each([
    ['http://example.org/x.git', 'is sent by https alone'],
    ['https://me@example.org/x.git', 'is not sent where the address names a user: take that out'],
    ['git://example.org/x.git', 'is for https and ssh, not for git'],
  ])('at %s is refused before anything is sent', async (url, why) => {
    expect(await fetched({ credential: 'good', url })).toBe(`the credential good ${why}`);
  });

  it('whose credential is not there says so', async () => {
    expect(await fetched({ credential: 'lost' })).toBe('the credential lost is not there');
  });
});

describe('a private channel over ssh', () => {
  it('is fetched with its key alone, from hosts known before', async () => {
    // A client of ours in the place of ssh: it tells its arguments, and serves what is here.
    const bin = join(root, 'bin');
    const told = join(root, 'told');
    await mkdir(bin);
    const script = [
      '#!/bin/sh',
      `printf '%s\\n' "$@" > ${told}`,
      `eval "set -- \${$#}"`,
      `exec git upload-pack ${upstream.directory}`,
    ];
    await writeFile(join(bin, 'ssh'), `${script.join('\n')}\n`);
    await chmod(join(bin, 'ssh'), 0o755);
    const ssh = { credential: 'key', url: 'ssh://git@example.org/pkgs.git' };
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      expect(await fetched(ssh)).toBe('the credential known_hosts is not there');
      const hosts = join(root, 'credentials', 'known_hosts');
      await writeFile(hosts, 'example.org ssh-ed25519 AAAA\n', { mode: 0o600 });
      expect(await fetched(ssh)).toBe(revision);
      const words = (await readFile(told, 'utf8')).split('\n');
      expect(words).toEqual(
        expect.arrayContaining([
          ...['-oStrictHostKeyChecking=yes', '-oIdentitiesOnly=yes', '-oIdentityAgent=none'],
          ...[`-oUserKnownHostsFile=${hosts}`, '-i', join(root, 'credentials', 'key')],
          ...['git@example.org'],
        ]),
      );
    } finally {
      process.env['PATH'] = path;
    }
  });
});
