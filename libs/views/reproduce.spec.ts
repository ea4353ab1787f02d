import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { fetchCommand, quoted, reproduceCommand, type Recipe } from './reproduce.js';

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
};

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

  it('is one word for the shell whatever a channel says', () => {
    for (const word of ["a'b", '$(id)', '`id`', 'a b\nc', '; rm x', '']) {
      const told = execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], {
        encoding: 'utf8',
      });
      expect(told).toBe(word);
    }
  });
});
