/** What the first person on a bare machine does with the demo, as docs/run.md tells it. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureDemoChannel } from './demo-channel.js';

const kept = { ...process.env };
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gambeson-demo-'));
  Object.assign(process.env, { HOME: place, XDG_CONFIG_HOME: place, GIT_CONFIG_NOSYSTEM: '1' });
  const named = /^(GIT_(AUTHOR|COMMITTER)_\w+|EMAIL)$/;
  for (const name of Object.keys(process.env)) if (named.test(name)) delete process.env[name];
});
afterEach(() => {
  process.env = { ...kept };
  rmSync(place, { recursive: true, force: true });
});

function git(directory: string, ...words: string[]): string {
  const options = { encoding: 'utf8', stdio: 'pipe', env: process.env } as const;
  return execFileSync('git', ['-C', directory, ...words], options);
}

describe('the demo channel', () => {
  it('takes a commit and a push where git knows nobody by name', async () => {
    const { workTree } = await ensureDemoChannel(place, 'local');
    appendFileSync(join(workTree, 'farm.json'), '\n');
    git(workTree, 'commit', '-qam', 'Change a job');
    git(workTree, 'push', '--quiet');
    expect(git(`${workTree}.git`, 'log', '-1', '--format=%s by %an')).toBe(
      'Change a job by Gambeson\n',
    );
  });

  it('leaves people their names', async () => {
    git('.', 'config', '--file', join(place, '.gitconfig'), 'user.email', 'ada@example.org');
    git('.', 'config', '--file', join(place, '.gitconfig'), 'user.name', 'Ada');
    const { workTree } = await ensureDemoChannel(place, 'local');
    expect(git(workTree, 'config', 'user.name')).toBe('Ada\n');
  });
});
