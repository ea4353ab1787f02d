import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { fetchCommand, reproduceCommand, type Recipe } from './reproduce.js';
import { quoted } from './shell-word.js';

const recipe: Recipe = {
  backend: 'nix',
  selection: { file: 'release.nix', attribute: 'jobs' },
  checkouts: [
    {
      channel: 'main',
      url: 'https://example.org/x.git',
      branch: 'main',
      revision: 'abc',
      introduction: null,
      via: null,
    },
  ],
  channels: ['main'],
  job: 'hello.x86_64-linux',
  system: 'x86_64-linux',
  alone: false,
  derivation: '/nix/store/00000000000000000000000000000000-hello-1.0.drv',
  evaluation: '7',
  address: 'https://farm.example.org',
};

function checkout(channel: string): Recipe['checkouts'][number] {
  const url = `https://example.org/${channel}.git`;
  return { channel, url, branch: 'main', revision: 'abc', introduction: null, via: null };
}

function guix(selection: Recipe['selection'], job: string): Recipe {
  return {
    ...{ ...recipe, backend: 'guix', selection, job },
    checkouts: [checkout('guix'), checkout('main')],
    derivation: '/gnu/store/69s18zd520qdxwr5qn0p82qbpp72byxs-hello-2.12.drv',
  };
}

describe('the command that builds it here', () => {
  it('takes the same checkout, selection and job', () => {
    expect(reproduceCommand(recipe)).toBe(
      [
        'git clone https://example.org/x.git ./main && git -C ./main checkout abc',
        'nix-build ./main/release.nix -A jobs.hello.x86_64-linux \\',
        '  -I . --arg main ./main \\',
        '  --argstr system x86_64-linux',
      ].join('\n'),
    );
  });

  it('names the selection alone when it is the derivation', () => {
    const alone = { ...recipe, job: 'jobs', alone: true };
    expect(reproduceCommand(alone)).toContain('release.nix -A jobs \\');
  });

  it('is not told where only the farm can build', () => {
    expect(reproduceCommand({ ...recipe, backend: 'local' })).toBeNull();
    const source = { address: 'http://x', publicKey: null, storeSlug: 'nix' };
    expect(fetchCommand('/nix/store/x', source)).toBeNull();
  });

  it('is Guix at the commits that the farm read, and the package', () => {
    const asked = guix({ set: 'all' }, 'hello.x86_64-linux');
    expect(reproduceCommand(asked)).toBe(
      [
        'curl -fsS -o channels.scm https://farm.example.org/eval/7/channels.scm',
        'guix time-machine -C channels.scm -- build --no-grafts --system=x86_64-linux \\',
        '  hello@2.12',
      ].join('\n'),
    );
  });

  it('is a manifest of a channel, or a bundle made of one', () => {
    const manifests = guix({ manifests: ['etc/ci.scm'] }, 'hello-2.12');
    const clone = 'git clone https://example.org/main.git ./main && git -C ./main checkout abc';
    expect(reproduceCommand(manifests)?.split('\n').slice(1)).toEqual([
      clone,
      'guix time-machine -C channels.scm -- build --no-grafts --system=x86_64-linux \\',
      '  --manifest=./main/etc/ci.scm',
    ]);
    const packs = { manifest: 'm.scm', formats: ['tarball', 'docker'] } as const;
    const other = { ...checkout('other'), url: 'https://example.org/other.git' };
    const pack = guix({ packs }, 'pack.docker.x86_64-linux');
    const command = reproduceCommand({ ...pack, checkouts: [...pack.checkouts, other] });
    expect(command?.split('\n').slice(-2)).toEqual([
      'guix time-machine -C channels.scm -- pack --format=docker --save-provenance ' +
        '--system=x86_64-linux \\',
      '  --manifest="$(ls -U ./main/m.scm ./other/m.scm 2>/dev/null | head -n 1)"',
    ]);
  });

  it('asks Guix for a job that is no package, beside the files that it reads', () => {
    const command = reproduceCommand(guix({ set: 'images' }, 'iso9660-image.x86_64-linux'));
    expect(command).toContain('git clone https://example.org/guix.git ./guix');
    expect(command).not.toContain('./main');
    expect(command).toContain("  -e '(lambda");
    const custom = reproduceCommand(guix({ custom: ['main ci'] }, 'x'));
    expect(custom).toContain('git clone https://example.org/main.git ./main');
  });

  it('is one word for the shell whatever a channel says', () => {
    for (const word of ["a'b", '$(id)', '`id`', 'a b\nc', '; rm x', '']) {
      const told = execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], {
        encoding: 'utf8',
      });
      expect(told).toBe(word);
    }
  });
});
