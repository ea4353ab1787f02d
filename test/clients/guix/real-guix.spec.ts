/**
 * The evaluator's program under a real Guix, on a channel of three packages that need nothing: what
 * it tells is what Guix told when the fixture was made. Without Guix on the machine it says so.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { lookForProgram } from '#adapters/backends/sandbox/program.js';
import { readGuixEvent } from '#adapters/backends/guix/evaluation/guix-events.js';
import { printRequest } from '#adapters/backends/guix/evaluation/request-file.js';
import { demo } from './fake-guix.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const guix = lookForProgram('guix');

jest.setTimeout(120_000);

if (guix === null) {
  process.stderr.write('\n*** REAL GUIX WAS NOT TRIED: guix is not in PATH ***\n');
  describe('evaluation by the real guix', () => {
    it('was not tried here: a stand-in answers what it once answered', () => {
      expect(guix).toBeNull();
    });
  });
} else describe('evaluation by the real guix', () => describeReal(guix));

function describeReal(program: string): void {
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'real-guix-'));
    await mkdir(join(directory, 'demo'));
    const fixtures = here('../../fixtures/guix/evaluation');
    await cp(join(fixtures, 'packages.scm'), join(directory, 'demo', 'packages.scm'));
    await cp(join(fixtures, 'demo-manifest.scm'), join(directory, 'demo-manifest.scm'));
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('tells the jobs of a manifest as it told them when the fixture was made', async () => {
    const channel = { url: 'https://example.org/x.git', branch: 'master' };
    const request = printRequest({
      selection: { manifests: ['demo-manifest.scm'] },
      system: 'x86_64-linux',
      channels: ['guix', 'demo'].map((name) => {
        return { ...channel, channel: name, revision: 'c'.repeat(40) };
      }),
      directoryOf: () => directory,
    });
    await writeFile(join(directory, 'request.scm'), request);
    const [evaluate, library] = ['evaluate', 'telling'].map((name) => {
      return here(`../../../scheme/${name}.scm`);
    });
    const words = ['repl', '-L', directory, '--', evaluate!, library!, '@@ '];
    const told = spawnSync(program, [...words, join(directory, 'request.scm'), ''], {
      encoding: 'utf8',
    });
    const events = told.stdout
      .split('\n')
      .filter((line) => line.startsWith('@@ '))
      .map((line) => readGuixEvent(line.slice(3)));
    const jobs = events.flatMap((event) => (event.kind === 'job' ? [event] : []));
    expect([told.stderr, jobs.map(({ name, derivation }) => [name, derivation])]).toEqual([
      expect.stringContaining("evaluating for 'x86_64-linux'"),
      [
        ['demo-app-1.0', demo.app],
        ['demo-lib-1.0', demo.lib],
        ['demo-fail-1.0', demo.fail],
      ],
    ]);
    expect(events.at(-1)).toEqual({ kind: 'done' });
  });
}
