/** Building with the real `nix-store`: what ends how, and with which inputs. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { never, type Cancellation } from '#std/cancellation.js';
import { parseDerivation } from '#formats/derivation.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  publicKeyOf,
} from '#formats/nix-signature.js';
import type { RealiseRequest, RealiseResult } from '#application/ports/backend.js';
import { NixBuild } from '#adapters/backends/nix/nix-build.js';
import { NixEvaluation } from '#adapters/backends/nix/nix-evaluation.js';
import { nixEnvironment, probeNix } from '#adapters/backends/nix/nix-program.js';

const channel = `
let
  mk = name: script: more: derivation ({
    inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ];
  } // more);
  wait = "while :; do :; done";
  dep = mk "dep" "echo dep > $out" { };
  other = mk "other" "echo other > $out" { outputs = [ "out" "doc" ]; };
in {
  inherit dep;
  ok = mk "ok" ''
    echo hello; printf 'red \\033[31mred\\033[0m\\n'; echo cores $NIX_BUILD_CORES; printf end
    echo ok > $out
  '' { };
  top = mk "top" "read x < $dep; read y < $src; echo $x $y > $out" {
    inherit dep; src = ./source.txt; };
  multi = mk "multi" "echo $doc > $out; echo doc > $doc" { outputs = [ "out" "doc" ]; };
  fail = mk "fail" "echo why; exit 3" { };
  noout = mk "noout" ":" { };
  cycle = mk "cycle" "echo $b > $out; echo $out > $b" { outputs = [ "out" "b" ]; };
  silent = mk "silent" "echo once; ${'$'}{wait}" { };
  slow = mk "slow" "while :; do echo line; done" { };
  dots = mk "dots" "i=0; while :; do printf .; done" { };
  badhash = mk "badhash" "echo x > $out" {
    outputHash = "0000000000000000000000000000000000000000000000000000";
    outputHashAlgo = "sha256"; };
  fod = mk "fod" "printf x > $out" {
    outputHash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    outputHashAlgo = "sha256"; };
  arm = mk "arm" "echo x > $out" { system = "aarch64-linux"; };
  kvm = mk "kvm" "echo x > $out" { requiredSystemFeatures = [ "kvm" ]; };
  forbidden = mk "forbidden" "echo $dep > $out" { inherit dep; disallowedReferences = [ dep ]; };
  orphan = mk "orphan" "read x < $doc; echo $x > $out" { doc = other.doc; };
  nobuilder = mk "nobuilder" "" { builder = "/bin/nothing"; };
  forger = mk "forger" ''
    echo '@nix {"action":"msg","level":0,"msg":"error: No space left on device"}' '' { };
  crasher = mk "crasher" "echo '@nix {}'; echo x > $out" { };
  floating = mk "floating" "echo floating > $out" {
    __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
}`;

// Real programs on a machine that may be busy.
jest.setTimeout(60_000);

let directory = '';
let evaluation: NixEvaluation;
let worker: NixBuild;
let publicKey = '';
const derivations = new Map<string, string>();
const settings = {
  'experimental-features': 'nix-command',
  'build-users-group': '',
  substituters: '',
};

function nix(...args: string[]): string {
  const env = nixEnvironment({ home: join(directory, 'home'), settings });
  return execFileSync(args[0] ?? '', args.slice(1), { env, encoding: 'utf8' });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nix-build-'));
  const checkout = join(directory, 'demo');
  await mkdir(checkout);
  await mkdir(join(directory, 'cache', 'nix'), { recursive: true });
  await writeFile(join(checkout, 'release.nix'), channel);
  await writeFile(join(checkout, 'source.txt'), 'source\n');
  evaluation = new NixEvaluation({ storeRoot: join(directory, 'evaluation') });
  worker = new NixBuild({ storeRoot: join(directory, 'worker'), features: ['kvm'] });
  const events = evaluation.evaluate(
    {
      workDirectory: join(directory, 'work'),
      checkouts: new Map([['demo', checkout]]),
      channels: [],
      selection: { file: 'release.nix' },
      systems: ['x86_64-linux'],
      limits: { timeoutSeconds: 60, memoryBytes: 2 ** 31 },
    },
    never,
  );
  for await (const event of events) {
    if (event.kind === 'job-error') throw new Error(`${event.name}: ${event.message}`);
    if (event.kind === 'job') derivations.set(event.name, event.derivation);
  }
  const key = generateNixKey('test-1');
  await writeFile(join(directory, 'key'), formatNixSecretKey(key));
  publicKey = formatNixPublicKey(publicKeyOf(key));
});

afterAll(async () => {
  execFileSync('chmod', ['-R', 'u+w', directory]);
  await rm(directory, { recursive: true, force: true });
});

/** Signs paths of a store into the test's binary cache. */
function publish(store: string, ...paths: string[]): void {
  const cache = `file://${directory}/cache/nix?secret-key=${directory}/key`;
  nix('nix', 'copy', '--store', join(directory, store), '--to', cache, ...paths);
}

async function closure(path: string, seen = new Map<string, Uint8Array>()): Promise<typeof seen> {
  if (seen.has(path)) return seen;
  const bytes = await evaluation.derivation(path);
  seen.set(path, bytes);
  const parsed = parseDerivation(bytes);
  if (!parsed.ok) throw new Error(parsed.error.kind);
  for (const input of parsed.value.inputDerivations) await closure(input.path, seen);
  return seen;
}

interface Told {
  readonly result: RealiseResult;
  readonly log: string;
  readonly started: number;
}

let attempts = 0;

async function realise(
  job: string,
  more: Partial<RealiseRequest> = {},
  call: {
    readonly on?: NixBuild;
    readonly cancellation?: Cancellation;
    readonly onLog?: () => void;
  } = {},
): Promise<Told> {
  const backend = call.on ?? worker;
  const derivation = derivations.get(job) ?? '';
  const files = [...(await closure(derivation))].map(([path, bytes]) => ({ path, bytes }));
  const missing = new Set(await backend.missingDerivations(files.map((file) => file.path)));
  await backend.importDerivations(files.filter((file) => missing.has(basename(file.path))));
  const events = backend.realise(
    {
      derivation,
      system: 'x86_64-linux',
      limits: { timeoutSeconds: 30, maxSilentSeconds: 30 },
      cores: 3,
      maxLogBytes: 1e8,
      workDirectory: join(directory, `attempt-${attempts++}`),
      substituter: { address: `file://${directory}/cache`, publicKeys: [publicKey] },
      ...more,
    },
    call.cancellation ?? never,
  );
  const log: Uint8Array[] = [];
  let started = 0;
  for (;;) {
    const next = await events.next();
    if (next.done) return { result: next.value, log: Buffer.concat(log).toString('utf8'), started };
    if (next.value.kind === 'log') log.push(next.value.bytes);
    else started++;
    if (next.value.kind === 'log') call.onLog?.();
  }
}

function reasonOf(told: Told): string {
  return told.result.kind === 'failed' ? told.result.reason : 'succeeded';
}

describe('building with nix', () => {
  it('finds nix', async () => {
    expect((await probeNix())?.version).toMatch(/^\d+\.\d+/);
    expect(await probeNix('/nowhere')).toBeNull();
  });

  it('streams the lines of the builder and gives it its cores', async () => {
    const { result, log, started } = await realise('ok');
    expect(result.kind).toBe('succeeded');
    expect(log).toBe('hello\nred \x1b[31mred\x1b[0m\ncores 3\nend\n');
    expect(started).toBe(1);
  });

  it('succeeds without building when the outputs are there', async () => {
    await realise('ok');
    const { result, log, started } = await realise('ok');
    expect(result.kind).toBe('succeeded');
    expect([log, started]).toEqual(['', 0]);
  });

  it('fetches inputs and sources from the farm, and never builds them', async () => {
    const before = await realise('top');
    expect(reasonOf(before)).toBe('input-missing');
    const builder = new NixBuild({ storeRoot: join(directory, 'builder') });
    const dep = await realise('dep', {}, { on: builder });
    const path = dep.result.kind === 'succeeded' ? dep.result.outputs.get('out') : '';
    publish('builder', path ?? '');
    const half = await realise('top');
    expect(half.result).toMatchObject({ reason: 'input-missing' });
    expect(half.result).toMatchObject({ message: expect.stringContaining('-source.txt') });
    const parsed = parseDerivation(await evaluation.derivation(derivations.get('top') ?? ''));
    publish('evaluation', ...(parsed.ok ? parsed.value.inputSources : []));
    const { result } = await realise('top');
    const out = result.kind === 'succeeded' ? (result.outputs.get('out') ?? '') : '';
    const info = await worker.pathInfo(out);
    expect(info).toMatchObject({ path: out, references: [], ca: null });
    const nar: Uint8Array[] = [];
    for await (const piece of worker.narOf(out)) nar.push(piece);
    expect(Buffer.concat(nar).toString('latin1')).toContain('dep source\n');
    expect(info.narSize).toBe(Buffer.concat(nar).length);
    const forbidden = await realise('forbidden');
    expect(reasonOf(forbidden)).toBe('builder-failed');
  });

  it('fetches what the farm does not keep from the upstreams that it relies on', async () => {
    const reliant = new NixBuild({ storeRoot: join(directory, 'reliant') });
    const substituter = { address: `file://${directory}/empty`, publicKeys: [] };
    await mkdir(join(directory, 'empty', 'nix'), { recursive: true });
    await writeFile(join(directory, 'empty', 'nix', 'nix-cache-info'), 'StoreDir: /nix/store\n');
    const alone = await realise('top', { substituter }, { on: reliant });
    expect(reasonOf(alone)).toBe('input-missing');
    const upstreams = [{ address: `file://${directory}/cache/nix`, publicKeys: [publicKey] }];
    const { result } = await realise('top', { substituter, upstreams }, { on: reliant });
    expect(result.kind).toBe('succeeded');
  });

  it('refuses inputs that no known key has signed', async () => {
    const stranger = new NixBuild({ storeRoot: join(directory, 'stranger') });
    const substituter = { address: `file://${directory}/cache`, publicKeys: [] };
    const { result } = await realise('forbidden', { substituter }, { on: stranger });
    expect(result).toMatchObject({ reason: 'input-missing' });
    expect(result).toMatchObject({ message: expect.stringContaining('not signed by any') });
  });

  it('tells several outputs and what they refer to', async () => {
    const { result } = await realise('multi');
    const outputs = result.kind === 'succeeded' ? result.outputs : new Map<string, string>();
    expect([...outputs.keys()].sort()).toEqual(['doc', 'out']);
    const info = await worker.pathInfo(outputs.get('out') ?? '');
    expect(info.references).toEqual([outputs.get('doc')]);
  });

  it('tells the path of a floating output once it is built', async () => {
    const { result } = await realise('floating');
    const out = result.kind === 'succeeded' ? (result.outputs.get('out') ?? '') : '';
    expect(out).toMatch(/-floating$/);
    expect((await worker.pathInfo(out)).ca).toMatch(/^fixed:r:sha256:/);
  });

  it('gives a fixed output its content address', async () => {
    const { result } = await realise('fod');
    const out = result.kind === 'succeeded' ? (result.outputs.get('out') ?? '') : '';
    expect((await worker.pathInfo(out)).ca).toMatch(/^fixed:sha256:/);
  });
});

describe('the end of a build', () => {
  it.each([
    ['fail', 'builder-failed'],
    ['noout', 'output-missing'],
    ['cycle', 'output-cycle'],
    ['badhash', 'hash-mismatch'],
    ['arm', 'unsupported-system'],
    ['kvm', 'succeeded'],
    ['orphan', 'input-missing'],
    ['nobuilder', 'builder-failed'],
    ['forger', 'output-missing'],
    ['crasher', 'builder-failed'],
  ])('of %s is %s', async (job, reason) => {
    const told = await realise(job);
    expect(reasonOf(told)).toBe(reason);
    if (told.result.kind === 'failed') expect(told.result.message).not.toBe('');
    if (job === 'fail') expect(told.result).toMatchObject({ exitCode: 3 });
    if (job === 'nobuilder') expect(told.log).toContain('/bin/nothing');
  });

  it('is unsupported where the worker lacks the feature', async () => {
    const plain = new NixBuild({ storeRoot: join(directory, 'plain') });
    expect(reasonOf(await realise('kvm', {}, { on: plain }))).toBe('unsupported-system');
  });

  it('tells a silent build from a slow one', async () => {
    const limits = { timeoutSeconds: 2, maxSilentSeconds: 1 };
    const silent = await realise('silent', { limits });
    expect([reasonOf(silent), silent.log]).toEqual(['silent', 'once\n']);
    expect(reasonOf(await realise('dots', { limits }))).toBe('timed-out');
  });

  it('comes when the log is larger than its limit', async () => {
    const told = await realise('slow', { maxLogBytes: 1000 });
    expect([reasonOf(told), told.log.length]).toEqual(['log-limit', 1000]);
  });

  it('is a fault of ours when canceled, and leaves no process', async () => {
    const controller = new AbortController();
    const call = { cancellation: controller.signal, onLog: () => controller.abort() };
    const limits = { timeoutSeconds: 30, maxSilentSeconds: 30 };
    const told = realise('slow', { limits, maxLogBytes: 1e12 }, call);
    await expect(told).rejects.toMatchObject({ code: 'canceled' });
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes).not.toContain(`--realise ${derivations.get('slow')}`);
  });
});

describe('derivations that arrive', () => {
  it('are refused when they do not own their path, and nothing of them is kept', async () => {
    const fresh = new NixBuild({ storeRoot: join(directory, 'fresh') });
    const path = derivations.get('ok') ?? '';
    const bytes = await evaluation.derivation(path);
    const changed = Buffer.from(
      Buffer.from(bytes).toString('latin1').replace('hello', 'jello'),
      'latin1',
    );
    const bad = fresh.importDerivations([{ path, bytes: new Uint8Array(changed) }]);
    await expect(bad).rejects.toMatchObject({ code: 'corrupt-data' });
    expect(await fresh.missingDerivations([path])).toEqual([basename(path)]);
    await fresh.importDerivations([{ path, bytes }]);
    expect(await fresh.missingDerivations([path])).toEqual([]);
  });

  it('are refused without their inputs', async () => {
    const fresh = new NixBuild({ storeRoot: join(directory, 'inputless') });
    const path = derivations.get('top') ?? '';
    const files = [{ path, bytes: await evaluation.derivation(path) }];
    await expect(fresh.importDerivations(files)).rejects.toThrow(/dep\.drv/);
  });
});
