/**
 * The commands that people are told, run by a real shell with a `guix` of ours that passes its
 * arguments to a real Guile. Guix itself is not there: its modules are stood in for.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printChannels } from '#domain/evaluation/channels-scm.js';
import { reproduceCommand } from '#views/reproduce.js';

const program = new URL('./guile/ask-for-job.scm', import.meta.url).pathname;
const introduction = {
  commit: 'a'.repeat(40),
  fingerprint: 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA',
};
const checkouts = [
  { channel: 'guix', url: 'https://example.org/guix.git', introduction, via: null },
  { channel: "o'dd", url: 'https://me:pw@example.org/"odd".git', introduction: null, via: null },
].map((one) => ({ ...one, branch: 'main', revision: 'f'.repeat(40) }));

function guileIsThere(): boolean {
  if (spawnSync('guile', ['--version']).status === 0) return true;
  process.stderr.write('PASSED OVER: commands that build again, as Guile is missing\n');
  return false;
}

const withGuile = guileIsThere() ? describe : describe.skip;

withGuile('the command that builds a job again', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'gambeson-reproduce-'));
    const programs = {
      curl: 'exit 0',
      git: 'exit 0',
      // Its last argument is the expression.
      guix: `eval "exec guile --no-auto-compile ${program} channels.scm \\"\\$\{$#}\\""`,
    };
    mkdirSync(join(root, 'bin'));
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(root, 'bin', name), 0o755);
    }
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('asks Guix for that very job, with channels as they were', () => {
    const revisions = checkouts.map(({ channel, url, branch, revision, introduction: known }) => ({
      ...{ channel, url, branch, revision },
      ...(known ? { introduction: known } : {}),
    }));
    writeFileSync(join(root, 'channels.scm'), printChannels(revisions));
    const command = reproduceCommand({
      ...{ backend: 'guix', selection: { custom: ['my-channel ci'] }, checkouts, channels: [] },
      ...{ job: `iso's "image"`, system: 'x86_64-linux', alone: false, derivation: '' },
      ...{ evaluation: '7', address: 'https://farm.example.org' },
    });
    const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` };
    const told = execFileSync('/bin/sh', ['-ec', command!], { cwd: root, env, encoding: 'utf8' });
    const [channels, derivation, asked] = told.trim().split('\n');
    const revision = `"${'f'.repeat(40)}"`;
    expect(channels).toBe(
      `(((name . guix) (url . "https://example.org/guix.git") (branch . "main") ` +
        `(commit . ${revision}) (introduction "${introduction.commit}" ` +
        `"${introduction.fingerprint}")) ((name . o'dd) ` +
        `(url . "https://example.org/\\"odd\\".git") (branch . "main") (commit . ${revision})))`,
    );
    expect(derivation).toBe('((derivation "/gnu/store/image.drv") the-store)');
    const repository = (name: string): string =>
      `(repository (version 0) (url "${root}/${name}") (branch "main") ` +
      `(commit ${revision}) (name ${name}))`;
    expect(asked).toBe(
      `((systems "x86_64-linux") (subset custom (my-channel ci)) ` +
        `(channels ${repository('guix')} ${repository("o'dd")}))`,
    );
  });
});
