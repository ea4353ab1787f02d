/** `gambeson doctor substitute` before a real substituter, and before one that is tampered with. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createPlainServer } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { examine, type Diagnosis } from '../../apps/cli/doctor/examine.js';
import { trustIn } from '../../apps/cli/doctor/trust.js';
import {
  onePiece,
  sampleNar,
  startTestSubstituter,
  type SampleNar,
  type TestSubstituter,
} from './substituter-harness.js';

type Tamper = (path: string, body: Buffer) => { status?: number; body: Buffer } | null;

let postgres: TestPostgres;
let farm: TestSubstituter;
let front: Server;
let tamper: Tamper;
const [app, lib, base] = ['a', 'b', 'c'].map((letter) => sampleNar(letter, 3000)) as [
  SampleNar,
  SampleNar,
  SampleNar,
];
const otherKey = 'other-1:7Qe3l5d+WUDqQTgmLGoKyHnJjHNMWTpXxkJ+rnkr5n0=';

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  await publish(base, []);
  await publish(lib, [base.path]);
  await publish(app, [lib.path, app.path]);
  front = createServer((request, response) => void relay(request, response));
  await new Promise<void>((resolve) => {
    front.listen(0, '127.0.0.1', resolve);
  });
}, 60_000);
beforeEach(() => {
  tamper = () => null;
});
afterAll(async () => {
  front?.closeAllConnections();
  front?.close();
  await farm?.stop();
  await postgres?.stop();
});

async function publish(sample: SampleNar, references: string[]): Promise<void> {
  const { path, nar, narHash } = sample;
  await farm.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
  await farm.service.offer('nix', { path, narHash, narSize: nar.length, references });
}

/** Passes on what the substituter answers, tampered with where the test says so. */
async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  const answer = await fetch(`${farm.address}${path}`);
  const body = Buffer.from(await answer.arrayBuffer());
  const changed = tamper(path, body);
  response.writeHead(changed?.status ?? answer.status, { connection: 'close' });
  response.end(changed?.body ?? body);
}

interface Wish {
  readonly address?: string;
  readonly keys?: readonly string[] | null;
  readonly sample?: SampleNar;
  readonly dir?: string;
}

async function diagnose(wish: Wish = {}): Promise<Diagnosis> {
  const { keys = [farm.publicKey], sample = app, dir = '/nix/store' } = wish;
  const address = wish.address ?? `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const trust = keys && (await trustIn(keys));
  return examine({ dir, basename: sample.path, server: { address }, trust });
}

/** The broken link and its sentence. */
function complaint({ links, broken }: Diagnosis): string {
  const last = links.at(-1);
  expect(last).toMatchObject({ link: broken, state: 'broken' });
  return `${broken}: ${last?.sentence}`;
}

function on(pattern: RegExp, change: (text: string) => string): Tamper {
  return (path, body) =>
    pattern.test(path) ? { body: Buffer.from(change(body.toString('latin1')), 'latin1') } : null;
}

describe('a path that is offered', () => {
  it('is found whole, link by link', async () => {
    const { whole, broken, links } = await diagnose();
    expect({ whole, broken }).toEqual({ whole: true, broken: null });
    expect(Object.fromEntries(links.map(({ link, state }) => [link, state]))).toEqual({
      address: 'holds',
      name: 'skipped',
      connection: 'holds',
      certificate: 'skipped',
      'cache-info': 'holds',
      narinfo: 'holds',
      signature: 'holds',
      references: 'holds',
      nar: 'holds',
    });
    const sentences = links.map(({ sentence }) => sentence).join('\n');
    expect(sentences).toContain('signed by gambeson-');
    expect(sentences).toContain('all 2 other paths of the closure are offered');
    expect(sentences).toMatch(/zstd: .* in 1 files/);
  });

  it('is believed without a key only as far as the address may be', async () => {
    tamper = (path) =>
      path === '/signing-key.pub' ? { status: 200, body: Buffer.from(farm.publicKey) } : null;
    const { whole, links } = await diagnose({ keys: null });
    expect(whole).toBe(true);
    expect(links.find(({ link }) => link === 'signature')?.sentence).toContain('give --key');
  });
});

describe('the broken link is', () => {
  it('the address, the name, or the connection', async () => {
    expect(complaint(await diagnose({ address: 'farm.example.org' }))).toMatch(/^address: /);
    const nowhere = await diagnose({ address: 'http://no-such-host.invalid' });
    expect(complaint(nowhere)).toMatch(/^name: no-such-host.invalid is no name that DNS knows/);
    const closed = createPlainServer();
    await new Promise<void>((resolve) => {
      closed.listen(0, '127.0.0.1', resolve);
    });
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => {
      closed.close(resolve);
    });
    const refused = await diagnose({ address: `http://127.0.0.1:${port}` });
    expect(complaint(refused)).toMatch(/^connection: nothing answers at 127\.0\.0\.1 port \d+/);
  });

  it('the encryption, where a server speaks plain HTTP', async () => {
    const { port } = front.address() as AddressInfo;
    const plain = await diagnose({ address: `https://127.0.0.1:${port}` });
    expect(complaint(plain)).toMatch(/^certificate: no encrypted connection with 127\.0\.0\.1: /);
  });

  it('the server, when it serves another directory or is none', async () => {
    const guix = await diagnose({ dir: '/gnu/store' });
    expect(complaint(guix)).toBe(
      'cache-info: this is a server of /nix/store, and the path lies in /gnu/store',
    );
    tamper = () => ({ status: 404, body: Buffer.from('a page of something else') });
    expect(complaint(await diagnose())).toMatch(/^cache-info: nix-cache-info is answered with 404/);
    tamper = () => ({ status: 401, body: Buffer.from('') });
    expect(complaint(await diagnose())).toContain('it wants a token');
  });

  it('the narinfo, when there is none, or an unreadable one, or of another path', async () => {
    const absent = await diagnose({ sample: sampleNar('z') });
    expect(complaint(absent)).toMatch(/^narinfo: z{32}-sample is not offered/);
    tamper = on(/\.narinfo$/, (text) => text.replace('NarSize: ', 'NarSize: -'));
    expect(complaint(await diagnose())).toContain('cannot be read: bad-value at NarSize');
    tamper = on(/\.narinfo$/, (text) => text.replace('-sample', '-simple'));
    expect(complaint(await diagnose())).toContain('is of another path');
  });

  it('the signature, of a key that is not trusted, of a changed text, or of nobody', async () => {
    const stranger = await diagnose({ keys: [otherKey] });
    expect(complaint(stranger)).toMatch(/^signature: .*the trusted keys are other-1$/);
    tamper = on(/\.narinfo$/, (text) => text.replace(/NarSize: \d/, 'NarSize: 9'));
    expect(complaint(await diagnose())).toMatch(/^signature: .*does not hold/);
    tamper = on(/\.narinfo$/, (text) => text.replace(/Sig: .*\n/, ''));
    expect(complaint(await diagnose())).toBe('signature: the narinfo bears no signature');
  });

  it('the closure, when something far below is not offered or not signed', async () => {
    const deep = new RegExp(`/${base.path.slice(0, 32)}\\.narinfo$`);
    tamper = (path) => (deep.test(path) ? { status: 404, body: Buffer.from('') } : null);
    expect(complaint(await diagnose())).toMatch(/^references: c{32}-sample is not offered/);
    tamper = on(deep, (text) => text.replace(/Sig: .*\n/, ''));
    expect(complaint(await diagnose())).toMatch(/^references: c{32}-sample: the narinfo bears no/);
  });

  it('the nar, when it is gone, cut, flipped, longer, or another', async () => {
    const nar = /\/nar\//;
    tamper = (path) => (nar.test(path) ? { status: 404, body: Buffer.from('') } : null);
    expect(complaint(await diagnose())).toMatch(/^nar: .* is answered with 404/);
    tamper = (path, body) => (nar.test(path) ? { body: body.subarray(0, -5) } : null);
    expect(complaint(await diagnose())).toMatch(/^nar: .*(cannot be decompressed|FileSize)/);
    tamper = (path, body) => {
      const flipped = Buffer.from(body);
      flipped[flipped.length - 12]! ^= 1;
      return nar.test(path) ? { body: flipped } : null;
    };
    expect(complaint(await diagnose())).toMatch(/^nar: /);
    tamper = (path, body) =>
      nar.test(path) ? { body: Buffer.concat([body, Buffer.from('more')]) } : null;
    expect(complaint(await diagnose())).toMatch(/^nar: .*is longer than FileSize/);
    tamper = (path) => (nar.test(path) ? { body: sampleNar('d', 3000).compressed } : null);
    expect(complaint(await diagnose())).toMatch(/^nar: /);
  });
});

describe('a server of Guix', () => {
  const fixture = (name: string): string => join('test', 'fixtures', 'formats', 'guix', name);
  const path = '/gnu/store/r2h6v8kxjqqgsc34zhnz0apq56nhvig9-demo-app-1.0';
  let server: Server;
  let address: string;
  let changed: Tamper = () => null;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = request.url ?? '';
      const file = fixture(url.replace(/^\/nar\/(gzip|zstd)\//, '/nar/$1-'));
      const body = existsSync(file) ? readFileSync(file) : Buffer.from('');
      response.writeHead(existsSync(file) ? 200 : 404, { connection: 'close' });
      response.end(changed(url, body)?.body ?? body);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  it('is understood as its own tools made it, by the command and its exit status', async () => {
    const whole = await command(path, '--url', address, '--key', fixture('signing-key.pub'));
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    expect(whole.stdout).toMatch(/^ok {5}signature +signed by the key [0-9a-f]{16}…/m);
    expect(whole.stdout).toMatch(/^ok {5}nar +gzip: .*; zstd: /m);
    expect(whole.stdout).toContain(`A client gets ${path} from ${address}.`);
    changed = on(/\.narinfo$/, (text) => text.replace('NarSize: ', 'NarSize: 1'));
    const broken = await command(path, '--url', address, '--json');
    expect(broken.status).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ whole: false, broken: 'signature', path });
    expect(await command('hello', '--url', address)).toMatchObject({ status: 2, stdout: '' });
  }, 60_000);
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command itself, from its sources. */
async function command(...words: readonly string[]): Promise<Ended> {
  const program = ['--import', './test/simulator/loader.mjs', 'apps/cli/main.ts'];
  const child = spawn(process.execPath, [...program, 'doctor', 'substitute', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  if (child.exitCode === null) await once(child, 'exit');
  return { status: child.exitCode, stdout, stderr };
}
