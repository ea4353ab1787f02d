/** An evaluation can be done again: channels.scm and bundles, and what survives its upstream. */
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChannelBundles } from '#adapters/git/channel-bundles.js';
import { GitChannels } from '#adapters/git/git-channels.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { Credentials } from '#adapters/system/credentials.js';
import { pollChannels } from '#application/poll-channels.js';
import { id, type SpecificationId } from '#domain/ids.js';
import { never } from '#std/cancellation.js';
import { startGitHttpServer, type GitHttpServer } from '#testkit/git-http-server.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

const fingerprint = 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA';
const refusal = 'guix time-machine: error: commit 4ef not signed by an authorized key: 3CE4 64\n';
let root: string;
let farm: ApiFarm;
let open: GitHttpServer;
let closed: GitHttpServer;
let guix: ScenarioChannel;
let first: string;
let head: string;
let mirrors: string;

async function git(...parameters: string[]): Promise<string> {
  return (await promisify(execFile)('git', parameters)).stdout.trim();
}

function ask(path: string, more: RequestInit = {}): Promise<Response> {
  return fetch(`${farm.address}${path}`, { redirect: 'manual', ...more });
}

function asAdmin(): Record<string, string> {
  return { authorization: `Bearer ${farm.parts.adminToken}` };
}

function put(document: unknown): Promise<Response> {
  const headers = { ...asAdmin(), 'content-type': 'application/json', 'if-match': '*' };
  const body = JSON.stringify(document);
  return ask('/api/v1/specifications/guix', { method: 'PUT', headers, body });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gambeson-sources-'));
  guix = await ScenarioChannel.create(join(root, 'open', 'guix.git'));
  first = await guix.commitFiles({ '.guix-authorizations': '' });
  await guix.git('checkout', '--quiet', '--orphan', 'keyring');
  await guix.commitFiles({ 'key.asc': 'KEY' });
  await guix.git('checkout', '--quiet', '-b', 'master', first);
  head = await guix.commitFiles({ 'guix.scm': '' });
  const secret = await ScenarioChannel.create(join(root, 'closed', 'secret.git'));
  await secret.commitFiles({ 'secret.scm': '' });
  [open, closed, farm] = await Promise.all([
    startGitHttpServer({ directory: join(root, 'open') }),
    startGitHttpServer({ directory: join(root, 'closed'), login: 'me:pass' }),
    startApiFarm(),
  ]);
  const { credentialsDirectory, dataDirectory } = farm.parts.settings;
  mirrors = join(dataDirectory, 'mirrors');
  await mkdir(credentialsDirectory, { recursive: true });
  await writeFile(join(credentialsDirectory, 'ours'), 'me:pass\n', { mode: 0o600 });
}, 60_000);

afterAll(async () => {
  await Promise.all([farm?.stop(), open?.close(), closed?.close()]);
  await rm(root, { recursive: true, force: true });
});

function specification() {
  const introduction = { commit: first, fingerprint };
  return {
    ...{ name: 'guix', backend: 'guix' },
    selection: { set: 'all' },
    period: 0,
    channels: [
      { name: 'guix', url: `${open.url}/guix.git`, branch: 'master', commit: head, introduction },
      { name: 'ours', url: `${closed.url}/secret.git`, branch: 'main', credential: 'ours' },
    ],
  };
}

async function poll(specificationId: string): Promise<void> {
  const { database, bus, settings } = farm.parts;
  const outcome = await pollChannels(
    {
      ...{ store: new PostgresPollStore(database), bus, pollSeconds: settings.pollSeconds },
      source: new GitChannels({
        directory: mirrors,
        credentials: new Credentials(settings.credentialsDirectory),
      }),
      digest: (text) => createHash('sha256').update(text).digest('hex'),
    },
    { specification: id<SpecificationId>(specificationId), trigger: 'hook' },
    never,
  );
  expect(outcome).toMatchObject({ kind: 'started' });
}

describe('an evaluation by Guix', () => {
  it('keeps introductions, pinned commits and credentials through an edit', async () => {
    const made = await put(specification());
    expect([made.status, await made.text()]).toEqual([200, expect.any(String)]);
    const read = (await (await ask('/api/v1/specifications/guix')).json()) as {
      id: string;
      specification: Record<string, unknown>;
    };
    expect(read.specification).toMatchObject(specification());
    expect((await put({ ...read.specification, priority: 3 })).status).toBe(200);
    const again = (await (await ask('/api/v1/specifications/guix')).json()) as typeof read;
    expect(again.specification).toEqual({ ...read.specification, priority: 3 });
    await poll(read.id);
  });

  it('offers a channels.scm with exact commits and introductions', async () => {
    const answer = await ask('/eval/1/channels.scm');
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain(`(commit "${head}")\n        (introduction`);
    expect(text).toContain(`"${first}"`);
    expect(text).toContain("(name 'ours)");
    expect(await (await ask('/api/v1/evaluations/1/channels.scm')).text()).toBe(text);
    expect((await ask('/eval/99/channels.scm')).status).toBe(404);
    expect((await ask('/eval/latest/channels.scm?spec=guix')).status).toBe(404);
    await farm.parts.database.query(`update evaluations set status = 'succeeded' where id = 1`);
    expect(await (await ask('/eval/latest/channels.scm?spec=guix')).text()).toBe(text);
  });

  it('can be read from the farm when the branch is gone upstream', async () => {
    await guix.git('checkout', '--quiet', 'keyring');
    await guix.git('branch', '--quiet', '-D', 'master', 'main');
    await guix.git('reflog', 'expire', '--expire=now', '--all');
    await guix.git('gc', '--quiet', '--prune=now');
    await expect(guix.git('cat-file', '-e', head)).rejects.toThrow();
    const answer = await ask('/eval/1/channels/guix.bundle');
    expect(answer.status).toBe(200);
    const bundle = join(root, 'guix.bundle');
    await writeFile(bundle, new Uint8Array(await answer.arrayBuffer()));
    await git('clone', '--quiet', bundle, join(root, 'clone'));
    const clone = (...words: string[]): Promise<string> => git('-C', join(root, 'clone'), ...words);
    expect(await clone('rev-parse', 'HEAD', 'master')).toBe(`${head}\n${head}`);
    expect(await clone('merge-base', first, 'HEAD')).toBe(first);
    expect(await clone('show', 'origin/keyring:key.asc')).toBe('KEY');
  });

  it('gives the files of a private channel to the admin alone', async () => {
    const path = '/api/v1/evaluations/1/channels/ours.bundle';
    expect((await ask(path)).status).toBe(401);
    expect((await ask(path, { method: 'HEAD' })).status).toBe(401);
    const answer = await ask(path, { headers: asAdmin() });
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect((await answer.text()).startsWith('# v2 git bundle')).toBe(true);
    expect((await ask('/eval/1/channels/other.bundle')).status).toBe(404);
    expect((await ask('/eval/1/channels/..%2fx.bundle')).status).toBe(404);
  });

  it('makes few bundles at once, and leaves nothing behind', async () => {
    const bundles = new ChannelBundles({ directory: mirrors, atOnce: 1 });
    const channel = { name: 'guix', url: `${open.url}/guix.git`, branch: 'master' };
    const one = await bundles.open(channel, head);
    expect(await bundles.open(channel, head)).toBe('busy');
    if (typeof one === 'string') throw new Error(one);
    await one.next();
    await one.return(undefined);
    expect(await bundles.open(channel, 'f'.repeat(40))).toBe('absent');
    expect(await bundles.has(channel, head)).toBe(true);
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('gambeson-bundle-'));
    expect(left).toEqual([]);
  });

  it('that does not authenticate has failed with the words of Guix', async () => {
    await farm.parts.database.query(
      `update evaluations set status = 'started', lease_expires_at = null where id = 1`,
    );
    const leases = new PostgresEvaluationLeases(farm.parts.database);
    const claimed = (await leases.claim('spec', 60))!;
    const end = { status: 'failed', reason: 'evaluator-failed', message: refusal } as const;
    expect(await leases.finish(claimed, end)).toBe(true);
    const told = (await (await ask('/api/v1/evaluations/1')).json()) as Record<string, unknown>;
    expect(told).toMatchObject({ status: 'failed', message: refusal });
    const page = await (await ask('/evaluations/1')).text();
    expect(page).toContain('not signed by an authorized key');
    expect(page).toContain('href="/eval/1/channels/guix.bundle"');
    expect(page).toContain('href="/eval/1/channels.scm"');
    expect((await ask('/eval/latest/channels.scm?spec=guix')).status).toBe(404);
  });
});
