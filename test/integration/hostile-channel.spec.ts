/** What a hostile channel tries, and what it gets. Each channel has an honest job beside. */
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { EvaluationEvent } from '#application/ports/backend.js';
import { NixEvaluation } from '#adapters/backends/nix/nix-evaluation.js';

const secret = 'the-secret-of-the-farm';
// Real programs on a machine that may be busy.
jest.setTimeout(60_000);

let directory = '';
let checkout = '';
let backend: NixEvaluation;
let listener: Server;
let connections = 0;
let address = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hostile-'));
  checkout = join(directory, 'channel');
  await mkdir(join(directory, 'secrets'), { mode: 0o700 });
  // Readable by all, so that only the sandbox keeps it.
  await writeFile(join(directory, 'readable'), secret);
  await writeFile(join(directory, 'secrets', 'token'), secret, { mode: 0o600 });
  await chmod(directory, 0o755);
  backend = new NixEvaluation({ storeRoot: join(directory, 'store') });
  listener = createServer((_, response) => response.end(secret));
  listener.on('connection', () => connections++);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => listener.close(resolve));
  // What lies in a store is read-only, its directories too.
  execFileSync('chmod', ['-R', 'u+w', directory]);
  await rm(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly jobs: string[];
  readonly errors: Map<string, string>;
  readonly log: string;
  readonly fault: FarmFault | null;
}

const limits = { timeoutSeconds: 30, memoryBytes: 2 ** 30 };

/** Evaluates a channel whose job `bad` is the expression, between two honest jobs. */
async function evaluate(bad: string, given: Partial<typeof limits> = {}): Promise<Outcome> {
  const text = `{ channel }: let
    mk = name: more: derivation ({
      inherit name; system = "x86_64-linux"; builder = "/bin/sh"; } // more);
  in { a = mk "a" { }; bad = ${bad}; z = mk "z" { }; }`;
  await mkdir(checkout, { recursive: true });
  await writeFile(join(checkout, 'release.nix'), text);
  const events: EvaluationEvent[] = [];
  const request = {
    workDirectory: join(directory, 'work'),
    checkouts: new Map([['channel', checkout]]),
    channels: [],
    selection: { file: 'release.nix' },
    systems: ['x86_64-linux'],
    limits: { ...limits, ...given },
  };
  let fault: FarmFault | null = null;
  try {
    for await (const event of backend.evaluate(request, never)) events.push(event);
  } catch (thrown) {
    if (!(thrown instanceof FarmFault)) throw thrown;
    fault = thrown;
  }
  const errors = events.filter((event) => event.kind === 'job-error');
  const log = events.filter((event) => event.kind === 'log').map((event) => event.bytes);
  return {
    jobs: events.filter((event) => event.kind === 'job').map((event) => event.name),
    errors: new Map(errors.map((event) => [event.name, event.message])),
    log: Buffer.concat(log).toString('utf8'),
    fault,
  };
}

async function expectOnlyBadFails(bad: string, words: RegExp): Promise<Outcome> {
  const outcome = await evaluate(bad);
  expect(outcome.fault).toBeNull();
  expect(outcome.jobs).toEqual(['a', 'z']);
  expect(outcome.errors.get('bad')).toMatch(words);
  expect(JSON.stringify([...outcome.errors]) + outcome.log).not.toContain(secret);
  return outcome;
}

const forbidden = /forbidden in restricted mode|is not allowed|does not exist|No such file/;

describe('a hostile channel', () => {
  it('reads no file outside of its checkouts', async () => {
    const targets = [
      '/etc/passwd',
      '/proc/1/environ',
      `${homedir()}/.bashrc`,
      join(directory, 'readable'),
      join(directory, 'secrets', 'token'),
    ];
    for (const path of targets) {
      await expectOnlyBadFails(`mk (builtins.readFile (/. + "${path}")) { }`, forbidden);
    }
    await expectOnlyBadFails(`mk "bad" { src = /etc/passwd; }`, forbidden);
    await expectOnlyBadFails(`mk "bad" { src = builtins.path { path = /etc; }; }`, forbidden);
    await expectOnlyBadFails(`import (/. + "${directory}/readable")`, forbidden);
  });

  it('follows no link out of its checkouts', async () => {
    await mkdir(checkout, { recursive: true });
    await symlink(join(directory, 'readable'), join(checkout, 'link'));
    await expectOnlyBadFails('mk (builtins.readFile ./link) { }', forbidden);
    await expectOnlyBadFails('import ./link', forbidden);
    await rm(join(checkout, 'link'));
  });

  it('sees nothing of the environment', async () => {
    process.env['FARM_SECRET'] = secret;
    const names = ['FARM_SECRET', 'DATABASE_URL', 'PGPASSWORD'];
    const read = names.map((name) => `builtins.getEnv "${name}"`).join(' + ');
    const outcome = await evaluate(`mk "bad" { x = throw "seen:" + ${read}; }`);
    expect(outcome.errors.get('bad')).toContain('seen:');
    const told = await evaluate(`throw ("seen:" + ${read} + ":")`);
    expect(told.errors.get('bad')).toContain('seen::');
  });

  it('reaches no network', async () => {
    const hash = '0000000000000000000000000000000000000000000000000000';
    const url = `${address}/x.tar.gz`;
    const words = /forbidden|not allowed|unable to download|error/;
    for (const bad of [
      `mk (builtins.readFile (builtins.fetchurl "${url}")) { }`,
      `mk (builtins.readFile (builtins.fetchurl { url = "${url}"; sha256 = "${hash}"; })) { }`,
      `import (builtins.fetchTarball "${url}")`,
      `import (builtins.fetchGit "${address}/x.git")`,
    ]) {
      await expectOnlyBadFails(bad, words);
    }
    expect(connections).toBe(0);
  });

  it('runs no program and builds nothing while it is evaluated', async () => {
    await expectOnlyBadFails(`builtins.exec [ "/bin/sh" "-c" "id" ]`, /exec/);
    await expectOnlyBadFails(`builtins.importNative ./x.so "f"`, /importNative/);
    await expectOnlyBadFails(
      `import (mk "generated" { })`,
      /import-from-derivation|builtins.*build/,
    );
  });

  it('writes nothing into its checkout', async () => {
    const before = await readdir(checkout);
    await evaluate('mk "bad" { src = ./.; x = builtins.toFile "x" "y"; }');
    expect(await readdir(checkout)).toEqual(before);
  });

  it('runs as another user when the farm is root', async () => {
    await evaluate('mk "bad" { }');
    const store = join(directory, 'store', 'nix', 'store');
    const items = (await readdir(store)).filter((name) => name.endsWith('.drv'));
    const owners = await Promise.all(
      items.map(async (name) => (await stat(join(store, name))).uid),
    );
    const us = process.getuid?.() ?? 0;
    expect(new Set(owners)).toEqual(new Set([us === 0 ? 65534 : us]));
  });

  it('brings down its own job by recursion, not the others', async () => {
    await expectOnlyBadFails('let x = x; in x', /infinite recursion/);
    await expectOnlyBadFails('mk "bad" { x = let f = n: 1 + f n; in f 0; }', /stack overflow/);
    const deep = 'let f = n: { inner = f (n + 1); }; in f 0';
    const outcome = await evaluate(deep);
    expect([outcome.jobs, outcome.errors.size]).toEqual([['a', 'z'], 1]);
  });

  it('is stopped when it eats memory, and the others go on', async () => {
    const eater = `mk "bad" {
      x = builtins.foldl' (a: b: a + a) "0123456789abcdef" (builtins.genList (n: n) 40); }`;
    const outcome = await evaluate(eater, { memoryBytes: 2 ** 28 });
    expect([outcome.jobs, outcome.fault]).toEqual([['a', 'z'], null]);
    expect(outcome.errors.get('bad')).toContain('memory');
  });

  it('is out of memory as a whole when the channel itself eats it', async () => {
    await mkdir(checkout, { recursive: true });
    const list = 'builtins.genList (n: builtins.genList (m: m) 100000) 100000';
    const outcome = await evaluate(`null; ${'$'}{builtins.toJSON (${list})} = null`, {
      memoryBytes: 2 ** 28,
    });
    expect(outcome.fault?.code).toBe('evaluation-out-of-memory');
  });

  it('is stopped when it never ends, and what it told before stands', async () => {
    const loop = `mk "bad" {
      x = let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 70; }`;
    const outcome = await evaluate(loop, { timeoutSeconds: 1, memoryBytes: 2 ** 33 });
    expect(outcome.fault?.code).toBe('evaluation-timed-out');
    expect(outcome.fault?.message).toContain('bad');
    expect(outcome.jobs).toEqual(['a']);
  });

  it('fills neither the log nor the memory of the farm', async () => {
    const shout = `let
        lines = builtins.genList (n: "0123456789abcdef\\n") 65536;
        text = builtins.concatStringsSep "" lines;
      in builtins.foldl' (a: b: builtins.trace text a) (mk "bad" { }) (builtins.genList (n: n) 36)`;
    const loud = await evaluate(shout);
    expect(loud.log.length).toBeLessThan(33 * 1024 * 1024);
    expect(loud.log).toContain('[the rest of this log is left out]');
    const long = `let parts = builtins.genList (n: "0123456789abcdef") 2000000;
      in builtins.trace (builtins.concatStringsSep "" parts) (mk "bad" { })`;
    const outcome = await evaluate(long);
    expect(outcome.jobs).toContain('z');
    expect(outcome.errors.get('bad')).toContain('without end');
  });

  it('cannot tell jobs in the name of the walk', async () => {
    const forged = `builtins.trace "gambeson-0 {\\"job\\":\\"forged\\"}" (mk "bad" { })`;
    const outcome = await evaluate(forged);
    expect(outcome.jobs).toEqual(['a', 'bad', 'z']);
  });
});

describe('the sandbox', () => {
  it('is named with what it lacks when it cannot be made', async () => {
    const user = { uid: Number.NaN, gid: 0 };
    const backendWithout = new NixEvaluation({ storeRoot: join(directory, 'other'), user });
    const run = async (): Promise<void> => {
      const request = {
        workDirectory: join(directory, 'work'),
        checkouts: new Map([['channel', checkout]]),
        channels: [],
        selection: { file: 'release.nix' },
        systems: [],
        limits,
      };
      for await (const event of backendWithout.evaluate(request, never)) void event;
    };
    await expect(run()).rejects.toMatchObject({ code: 'sandbox-unavailable' });
  });
});
