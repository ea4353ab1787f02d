/** What the doctor makes of a machine; the farm is a server of the test's own. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { daemonClosesIn, daemonProcesses } from '#adapters/backends/guix/build/daemon-process.js';
import { FakeGuixDaemon } from '#testkit/guix-daemon.js';
import { Examination, type Check } from './check.js';
import { clock, examineFarm, standing, type FarmStore } from './farm.js';
import { examineGuix } from './guix.js';
import { buildUsers, DaemonOptions, examineDaemon } from './guix-settings.js';
import { cores, disk, kvm, namespaces } from './machine.js';

const key = readFileSync('test/fixtures/formats/guix/signing-key.pub', 'utf8');
const gibibyte = 1024 ** 3;
let directory = '';
let farm: Server;
let address = '';
/** What it answers to a worker's credential. */
let known = 400;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'worker-doctor-'));
  farm = createServer((request, response) => {
    if (request.url === '/readyz') response.end('{}');
    else if (request.url === '/api/v1/use') response.end(JSON.stringify({ stores: stores() }));
    else response.writeHead(404).end();
  });
  farm.on('upgrade', (request, socket) => {
    const status = request.headers.authorization === 'Bearer 7.secret' ? known : 401;
    socket.end(`HTTP/1.1 ${status} It\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  });
  farm.listen(0, '127.0.0.1');
  await once(farm, 'listening');
  address = `http://127.0.0.1:${(farm.address() as AddressInfo).port}`;
});

afterAll(() => {
  farm.closeAllConnections();
  farm.close();
  rmSync(directory, { recursive: true, force: true });
});

function stores(): FarmStore[] {
  const store = { dir: '/gnu/store', dialect: 'guix' as const, ttlSeconds: 1, lines: [] };
  const keys = [{ text: key, fingerprint: '' }];
  return [
    { ...store, slug: 'guix', kind: 'farm', address: `${address}/guix`, keys },
    { ...store, slug: 'guix-untrusted', kind: 'untrusted', address: `${address}/u`, keys },
  ];
}

async function examined(look: (exam: Examination) => Promise<unknown>): Promise<Check[]> {
  const told: Check[] = [];
  await look(new Examination((check) => told.push(check)));
  return told;
}

function stateOf(checks: readonly Check[], name: string): string {
  const check = checks.find((one) => one.name === name);
  return `${check?.state}: ${check?.sentence}`;
}

describe('the doctor, of the machine', () => {
  it('warns of little disk, and calls the guard a fault', () => {
    const wish = { data: '/d', minDisk: gibibyte };
    expect(disk(50 * gibibyte, wish).state).toBe('ok');
    expect(disk(5 * gibibyte, wish).state).toBe('warning');
    expect(disk(gibibyte / 2, wish)).toMatchObject({ state: 'broken', advice: expect.anything() });
  });

  it('warns of more builds than cores, and says how many each should have', () => {
    const wish = { data: '/d', minDisk: 0, features: [], maxJobs: 4 };
    expect(cores(8, { ...wish, cores: 2 }).state).toBe('ok');
    expect(cores(8, { ...wish, cores: 0 })).toMatchObject({ state: 'warning' });
    expect(cores(8, { ...wish, cores: 0 }).advice).toContain('--cores 2');
  });

  it('looks for kvm where it was promised', () => {
    const absent = join(directory, 'no-kvm');
    expect(kvm(absent, { features: [] }).state).toBe('skipped');
    expect(kvm(absent, { features: ['kvm'] }).state).toBe('broken');
    writeFileSync(join(directory, 'kvm'), '');
    expect(kvm(join(directory, 'kvm'), { features: ['kvm'] }).state).toBe('ok');
  });

  it('finds out that user namespaces are forbidden', () => {
    const proc = join(directory, 'proc-sys');
    mkdirSync(join(proc, 'user'), { recursive: true });
    writeFileSync(join(proc, 'user', 'max_user_namespaces'), '100\n');
    expect(namespaces(proc).state).toBe('ok');
    writeFileSync(join(proc, 'user', 'max_user_namespaces'), '0\n');
    expect(namespaces(proc).state).toBe('broken');
  });
});

describe('the doctor, of the farm', () => {
  const looked = (farms: string[], tokenFile?: string): Promise<Check[]> =>
    examined((exam) => examineFarm({ farms, data: directory, tokenFile }, exam));
  const file = (): string => join(directory, 'credential.json');

  it('is told by a worker without a credential which token it lacks', async () => {
    expect(stateOf(await looked([address]), 'credential')).toMatch(/^broken: .*not enrolled/);
    const token = join(directory, 'token');
    writeFileSync(token, 'secret-of-once\n');
    const checks = await looked([address], token);
    expect(stateOf(checks, 'credential')).toMatch(/^ok: .*to be spent at the first start/);
    expect(JSON.stringify(checks)).not.toContain('secret-of-once');
  });

  it('asks the farm whether it knows the credential, and shows it to nobody', async () => {
    const kept = { worker: '7', name: 'anvil', credential: '7.secret' };
    writeFileSync(file(), JSON.stringify(kept), { mode: 0o600 });
    const checks = await looked([address]);
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'farm ok',
      'clock ok',
      'credential ok',
      'stores ok',
    ]);
    expect(JSON.stringify(checks)).not.toContain('secret');
    known = 403;
    expect(stateOf(await looked([address]), 'credential')).toMatch(/^broken: .*removed anvil/);
    chmodSync(file(), 0o644);
    expect(stateOf(await looked([address]), 'credential')).toMatch(/^broken: .*read by others/);
  });

  it('says so when nothing answers, and goes on with the next', async () => {
    const checks = await looked(['http://127.0.0.1:9', address]);
    expect(checks.slice(0, 2).map(({ state }) => state)).toEqual(['broken', 'ok']);
    const alone = await looked(['http://127.0.0.1:9']);
    expect(stateOf(alone, 'clock')).toMatch(/^skipped/);
  });

  it('compares the clocks', () => {
    const now = new Date('2026-11-21T12:00:00Z');
    const at = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toUTCString();
    expect([0, 30, -30, 4000].map((by) => clock(at(by), now).state)).toEqual([
      'ok',
      'warning',
      'warning',
      'broken',
    ]);
    expect([400, 401, 403, 404, 502].map((status) => standing(status, 'x').state)).toEqual([
      'ok',
      ...Array.from({ length: 4 }, () => 'broken'),
    ]);
  });
});

describe('the doctor, of Guix', () => {
  it('asks the daemon, and looks for the keys of the farm', async () => {
    const place = mkdtempSync(join(directory, 'daemon-'));
    const daemon = await FakeGuixDaemon.start(place);
    const accessList = join(directory, 'acl');
    const before = process.env['GUIX_DAEMON_SOCKET'];
    process.env['GUIX_DAEMON_SOCKET'] = daemon.socketPath;
    try {
      const wish = { stores: stores(), maxJobs: 1, accessList, processes: [] };
      const look = (): Promise<Check[]> => examined((exam) => examineGuix(wish, exam));
      expect(stateOf(await look(), 'guix-keys')).toMatch(/^broken: .*cannot be read/);
      writeFileSync(accessList, '(acl)');
      const lacking = await look();
      expect(stateOf(lacking, 'guix-daemon')).toMatch(/^ok/);
      expect(stateOf(lacking, 'guix-keys')).toMatch(/^broken: .*lacks the key of guix, /);
      expect(lacking.find(({ name }) => name === 'guix-keys')?.advice).toContain('--authorize');
      writeFileSync(accessList, `(acl (entry ${key} (tag (guix import))))`);
      expect(stateOf(await look(), 'guix-keys')).toMatch(/^ok/);
      expect(stateOf(await look(), 'guix-settings')).toMatch(/^skipped/);
      await daemon.stop();
      expect(stateOf(await look(), 'guix-daemon')).toMatch(/^broken: .*does not answer/);
    } finally {
      if (before === undefined) delete process.env['GUIX_DAEMON_SOCKET'];
      else process.env['GUIX_DAEMON_SOCKET'] = before;
    }
  });

  const settings = async (...args: string[]): Promise<string[]> => {
    const wish = { maxJobs: 1, groups: join(directory, 'group') };
    writeFileSync(wish.groups, 'guixbuild:x:900:guixbuilder1,guixbuilder2\n');
    const checks = await examined((exam) => examineDaemon([{ pid: 1, args }], wish, exam));
    return checks
      .filter(({ state }) => state !== 'ok')
      .map(({ name, state }) => `${name} ${state}`);
  };

  it('knows what the settings of a daemon mean for a farm', async () => {
    const users = '--build-users-group=guixbuild';
    expect(await settings(users)).toEqual([]);
    expect(await settings('--build-users-group', 'guixbuild', '--log-compression=bzip2')).toEqual(
      [],
    );
    expect(await settings(users, '--disable-chroot')).toEqual(['guix-sandbox broken']);
    expect(await settings(users, '--cache-failures')).toEqual(['guix-cache-failures warning']);
    expect(await settings(users, '--gc-keep-derivations=no')).toEqual([
      'guix-gc-keep-derivations warning',
    ]);
    expect(await settings(users, '--log-compression=none')).toEqual(['guix-logs warning']);
    expect(await settings(users, '--lose-logs')).toEqual(['guix-logs warning']);
    expect(await settings(users, '--no-substitutes')).toEqual(['guix-substitutes broken']);
    expect(await settings()).toEqual(['guix-build-users warning']);
  });

  it('counts a user for each build and one for what is fetched', () => {
    const options = new DaemonOptions(['--build-users-group=guixbuild']);
    const state = (maxJobs: number): string =>
      buildUsers(options, { maxJobs, groups: join(directory, 'group') }).state;
    expect([1, 2, 3].map(state)).toEqual(['ok', 'warning', 'broken']);
  });

  it('finds the daemon among the processes, and not its forks', () => {
    const proc = mkdtempSync(join(directory, 'proc-'));
    const add = (pid: number, parent: number, ...args: string[]): void => {
      mkdirSync(join(proc, `${pid}`));
      writeFileSync(join(proc, `${pid}`, 'cmdline'), `${args.join('\0')}\0`);
      writeFileSync(join(proc, `${pid}`, 'stat'), `${pid} (guix-daemon) S ${parent} 1 1`);
    };
    add(1, 0, '/sbin/init');
    expect(daemonClosesIn(daemonProcesses(proc))).toBe(false);
    add(10, 1, '/gnu/store/x/bin/guix-daemon', '--build-users-group=guixbuild', '-M4');
    add(11, 10, '/gnu/store/x/bin/guix-daemon', '4711', '-M4');
    const args = ['--build-users-group=guixbuild', '-M4'];
    expect(daemonProcesses(proc)).toEqual([{ pid: 10, args }]);
    expect(new DaemonOptions(args).value('max-jobs', 'M')).toBe('4');
    expect(daemonClosesIn(daemonProcesses(proc))).toBe(true);
    add(20, 1, 'guix-daemon', '--disable-chroot');
    expect(daemonClosesIn(daemonProcesses(proc))).toBe(false);
  });
});
