/**
 * Building with the real guix-daemon, where there is one: derivations that Guix made, whose builder
 * is the machine's /bin/sh, so the daemon must run with --disable-chroot. Elsewhere, and in CI, the
 * transcripts stand in for it (test/integration/guix-replay.spec.ts), and this says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { daemonClosesIn, daemonProcesses } from '#adapters/backends/guix/build/daemon-process.js';
import { GuixBuild } from '#adapters/backends/guix/build/guix-build.js';
import { hasDaemon } from '#adapters/backends/guix/build/guix-place.js';
import { lookForProgram } from '#adapters/backends/sandbox/program.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { never } from '#std/cancellation.js';
import {
  bytesOf,
  drvs,
  outputsOf,
  store,
  type Name,
  type Realised,
} from '../../integration/guix-bed.js';

const missing = [
  ...(lookForProgram('guix') === null ? ['guix is not in PATH'] : []),
  ...(hasDaemon() ? [] : ['no guix-daemon is here']),
  ...(daemonClosesIn(daemonProcesses()) ? ['guix-daemon has no --disable-chroot'] : []),
];

jest.setTimeout(120_000);

if (missing.length > 0) {
  process.stderr.write(`\n*** REAL GUIX WAS NOT TRIED: ${missing.join(', ')} ***\n`);
  describe('the real guix-daemon', () => {
    it(`was not tried here (${missing.join(', ')}): its transcripts are replayed instead`, () => {
      expect(missing).not.toEqual([]);
    });
  });
} else describeReal();

function describeReal(): void {
  const directory = mkdtempSync(join(tmpdir(), 'guix-real-'));
  const backend = new GuixBuild({
    substituter: { address: 'http://127.0.0.1:9' },
    systems: ['x86_64-linux'],
  });

  afterAll(() => {
    backend.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function build(name: Name, inputs: readonly Name[] = []): Promise<Realised> {
    const files = [...inputs, name].map((one) => ({
      path: `${store}/${drvs[one]}`,
      bytes: bytesOf(one),
    }));
    await backend.importDerivations(files);
    const realising = backend.realise(
      {
        ...{ derivation: `${store}/${drvs[name]}`, system: 'x86_64-linux', cores: 1 },
        limits: { timeoutSeconds: 5, maxSilentSeconds: 2 },
        ...{ maxLogBytes: 1 << 20, workDirectory: directory },
        substituter: { address: 'http://127.0.0.1:9', publicKeys: [] },
      },
      never,
    );
    let started = 0;
    let log = '';
    let step = await realising.next();
    for (; !step.done; step = await realising.next()) {
      if (step.value.kind === 'started') started++;
      else log += Buffer.from(step.value.bytes).toString('utf8');
    }
    return { started, log, result: step.value };
  }

  describe('the real guix-daemon', () => {
    it('builds, or has built, a derivation and what needs it', async () => {
      const here = 'all outputs are in this store already\n';
      const dep = await build('dep');
      expect(dep.result).toMatchObject({ kind: 'succeeded', outputs: outputsOf('dep') });
      expect(['building dep\n', here]).toContain(dep.log);
      const top = await build('top', ['dep']);
      expect(top.result).toMatchObject({ kind: 'succeeded', outputs: outputsOf('top') });
      expect(['building top\n', here]).toContain(top.log);
      const [out = ''] = [...outputsOf('top')].flatMap(([name, path]) =>
        name === 'out' ? path : [],
      );
      const { narHash, references } = await backend.pathInfo(out);
      expect(references).toEqual([...outputsOf('dep').values()]);
      const pieces: Uint8Array[] = [];
      for await (const piece of backend.narOf(out)) pieces.push(piece);
      const digest = sha256(Buffer.concat(pieces));
      expect(narHash).toBe(formatHash({ algorithm: 'sha256', digest }));
    });

    it.each<[Name, string]>([
      ['fail', 'builder-failed'],
      ['silent', 'silent'],
      ['slow', 'timed-out'],
      ['noout', 'output-missing'],
    ])('tells apart why a build failed: %s', async (name, reason) => {
      expect((await build(name)).result).toMatchObject({ kind: 'failed', reason });
    });

    it('is not given what is for another system', async () => {
      expect((await build('arm')).result).toMatchObject({ reason: 'unsupported-system' });
    });
  });
}
