/** The local backend with real builders in real sandboxes, fed by a small substituter. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RealiseResult } from '#application/ports/backend.js';
import { LocalBuildBackend } from '#adapters/backends/local/build-backend.js';
import { detectSandbox, type SandboxKind } from '#adapters/backends/local/sandbox.js';
import { never, type Cancellation } from '#std/cancellation.js';
import { evaluateChannel, type EvaluatedChannel } from './worker-support/channel.js';
import { TinySubstituter } from './worker-support/tiny-substituter.js';

let substituter: TinySubstituter;
let root: string;

beforeEach(async () => {
  substituter = new TinySubstituter();
  await substituter.start();
  root = await fs.mkdtemp(join(tmpdir(), 'gambeson-build-'));
});

afterEach(async () => {
  await substituter.stop();
  await fs.rm(root, { recursive: true, force: true });
});

interface Built {
  readonly result: RealiseResult;
  readonly log: string;
  readonly backend: LocalBuildBackend;
}

interface Wish {
  readonly sandbox?: SandboxKind;
  readonly timeoutSeconds?: number;
  readonly maxSilentSeconds?: number;
  readonly maxLogBytes?: number;
  readonly cancellation?: Cancellation;
  readonly store?: string;
}

async function build(channel: EvaluatedChannel, name: string, wish: Wish = {}): Promise<Built> {
  const job = channel.jobs.get(name)!;
  const sandbox = wish.sandbox ?? detectSandbox();
  const backend = new LocalBuildBackend({ root: join(root, wish.store ?? 'store'), sandbox });
  const pack = substituter.pack.map((file) => ({ ...file, path: `/gambeson/store/${file.name}` }));
  await backend.importDerivations(pack);
  const request = {
    derivation: job.derivation,
    system: job.system,
    limits: {
      timeoutSeconds: wish.timeoutSeconds ?? 60,
      maxSilentSeconds: wish.maxSilentSeconds ?? 60,
    },
    cores: 3,
    maxLogBytes: wish.maxLogBytes ?? 1_000_000,
    workDirectory: join(root, 'work', name),
    substituter: { address: substituter.address, publicKeys: [substituter.publicKey] },
  };
  const realising = backend.realise(request, wish.cancellation ?? never);
  let log = '';
  let step = await realising.next();
  for (; !step.done; step = await realising.next()) {
    if (step.value.kind === 'log') log += Buffer.from(step.value.bytes).toString();
  }
  return { result: step.value, log, backend };
}

/** Uploads and offers what was built, as a worker and the farm do. */
async function publish({ result, backend }: Built): Promise<void> {
  if (result.kind !== 'succeeded') throw new Error(result.message);
  for (const path of result.outputs.values()) {
    const { references } = await backend.pathInfo(path);
    const pieces: Uint8Array[] = [];
    for await (const piece of backend.narOf(path)) pieces.push(piece);
    const names = references.map((reference) => reference.slice('/gambeson/store/'.length));
    const name = path.slice('/gambeson/store/'.length);
    substituter.offer(name, names, new Uint8Array(Buffer.concat(pieces)));
  }
}

const library = {
  name: 'lib',
  script: 'mkdir $out; echo 42 > $out/answer; echo $out > $doc',
  outputs: ['out', 'doc'],
};
const program = {
  name: 'prog',
  inputs: ['lib'],
  sources: ['src/main.txt'],
  script: `
    mkdir $out
    cat $src $input_lib/answer > $out/text
    ln -s $input_lib $out/lib
    echo built by $name with $NIX_BUILD_CORES`,
};

const kinds: SandboxKind[] = ['bubblewrap', 'unshare', 'none'];

describe.each(kinds)('a build closed in by %s', (sandbox) => {
  it('sees its inputs, and its outputs know their references', async () => {
    const channel = await evaluateChannel([library, program], substituter, {
      'src/main.txt': 'hello\n',
    });
    await publish(await build(channel, 'lib', { sandbox }));
    const built = await build(channel, 'prog', { sandbox, store: 'other' });
    expect(built.log).toContain('built by prog with 3');
    expect(built.result.kind).toBe('succeeded');
    const out = channel.jobs.get('prog')!.outputs.get('out')!;
    const lib = channel.jobs.get('lib')!.outputs.get('out')!;
    expect((await built.backend.pathInfo(out)).references).toEqual([lib]);
    const text = join(root, 'other', out, 'text');
    expect(await fs.readFile(text, 'utf8')).toBe('hello\n42\n');
    expect((await fs.stat(text)).mtimeMs).toBe(1000);
  });

  it('ends at its time-out, in silence and at its log limit with all its processes', async () => {
    const hang = 'sleep 600 & sleep 600';
    const channel = await evaluateChannel(
      [
        { name: 'slow', script: `echo; ${hang}` },
        { name: 'chatty', script: 'while :; do echo x; done' },
      ],
      substituter,
    );
    const slow = await build(channel, 'slow', { sandbox, timeoutSeconds: 0.3 });
    expect(slow.result).toMatchObject({ kind: 'failed', reason: 'timed-out' });
    const silent = await build(channel, 'slow', { sandbox, maxSilentSeconds: 0.3 });
    expect(silent.result).toMatchObject({ kind: 'failed', reason: 'silent' });
    const chatty = await build(channel, 'chatty', { sandbox, maxLogBytes: 1000 });
    expect(chatty.result).toMatchObject({ kind: 'failed', reason: 'log-limit' });
    expect(chatty.log.replaceAll(/^\*\*\*.*\n/gm, '')).toHaveLength(1000);
  });

  it('fails with its exit code', async () => {
    const channel = await evaluateChannel(
      [{ name: 'bad', script: 'echo oops; exit 7' }],
      substituter,
    );
    const { result, log } = await build(channel, 'bad', { sandbox });
    expect(log).toContain('oops');
    expect(result).toMatchObject({ kind: 'failed', reason: 'builder-failed', exitCode: 7 });
  });
});

describe('a sandboxed build', () => {
  it('can change neither its inputs nor reach the network or the machine', async () => {
    const script = `
      if echo broken > $input_lib/answer; then exit 3; fi
      if [ -e ${root} ]; then exit 4; fi
      test "$(ls /sys/class/net 2>/dev/null | grep -v '^lo$' | wc -l)" = 0
      test "$(grep -c : /proc/net/dev)" = 1
      echo ok > $out`;
    const channel = await evaluateChannel(
      [library, { name: 'nosy', inputs: ['lib'], script }],
      substituter,
    );
    for (const sandbox of ['bubblewrap', 'unshare'] as const) {
      await publish(await build(channel, 'lib', { sandbox, store: sandbox }));
      const { result, log } = await build(channel, 'nosy', { sandbox, store: sandbox });
      expect([log, result]).toEqual([
        expect.anything(),
        expect.objectContaining({ kind: 'succeeded' }),
      ]);
    }
  });

  it('says loudly when there is no sandbox', async () => {
    const channel = await evaluateChannel([library], substituter);
    expect((await build(channel, 'lib', { sandbox: 'none' })).log).toContain('NO SANDBOX');
  });
});

describe('what a builder leaves', () => {
  it('is refused when an output is missing, in a cycle, or of another hash', async () => {
    const channel = await evaluateChannel(
      [
        { name: 'none', script: ':' },
        { name: 'cycle', outputs: ['out', 'doc'], script: 'echo $doc > $out; echo $out > $doc' },
        {
          name: 'fixed',
          script: 'printf other > $out',
          fixedOutput: { algorithm: 'sha256', hash: '0'.repeat(64) },
        },
        {
          name: 'right',
          script: 'printf hello > $out',
          fixedOutput: {
            algorithm: 'sha256',
            hash: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
          },
        },
      ],
      substituter,
    );
    expect((await build(channel, 'none')).result).toMatchObject({ reason: 'output-missing' });
    expect((await build(channel, 'cycle')).result).toMatchObject({ reason: 'output-cycle' });
    expect((await build(channel, 'fixed')).result).toMatchObject({ reason: 'hash-mismatch' });
    expect((await build(channel, 'right')).result).toMatchObject({ kind: 'succeeded' });
  });
});

describe('inputs', () => {
  it('that the farm does not offer are the farm’s fault, by name', async () => {
    const channel = await evaluateChannel([library, program], substituter, { 'src/main.txt': '' });
    const path = channel.jobs.get('lib')!.outputs.get('out')!;
    await expect(build(channel, 'prog')).rejects.toMatchObject({
      code: 'input-missing',
      message: expect.stringContaining(path) as unknown,
    });
  });

  it('with a flipped byte, or signed by another key, are refused', async () => {
    const channel = await evaluateChannel([library, program], substituter, { 'src/main.txt': '' });
    await publish(await build(channel, 'lib'));
    const name = channel.jobs.get('lib')!.outputs.get('out')!.slice('/gambeson/store/'.length);
    const kept = substituter.offered.get(name)!;
    const nar = Buffer.from(kept.nar);
    nar[nar.indexOf('42')] = 0x35;
    substituter.offered.set(name, { ...kept, nar });
    await expect(build(channel, 'prog', { store: 'fresh' })).rejects.toMatchObject({
      code: 'corrupt-data',
    });
  });

  it('are waited for while the substituter is down', async () => {
    const channel = await evaluateChannel([library, program], substituter, { 'src/main.txt': '' });
    await publish(await build(channel, 'lib'));
    substituter.down = true;
    const building = build(channel, 'prog', { store: 'fresh' });
    await substituter.refused(2);
    substituter.down = false;
    expect((await building).result.kind).toBe('succeeded');
  });
});
