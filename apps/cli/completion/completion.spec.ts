/** Completion: what the program offers at each place, and what real shells make of it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gambesonProgram } from '../program.js';
import { candidatesFor, type Ask } from './complete.js';
import { scripts, shells } from './scripts.js';

const names: Ask = (kind) => Promise.resolve([`${kind}-a`, `${kind}-b`]);

async function offered(...words: string[]): Promise<string[]> {
  const found = await candidatesFor(gambesonProgram(), words, names);
  return found.map(({ value }) => value);
}

describe('what is offered', () => {
  it('are the commands, and never the hidden one', async () => {
    const all = await offered('');
    expect(all).toEqual(expect.arrayContaining(['eval', 'build', 'worker', 'queue', 'completion']));
    expect(all.filter((one) => one.startsWith('_'))).toEqual([]);
    expect(await offered('ev')).toEqual(['eval']);
    expect(await offered('eval', 'd')).toEqual(['diff']);
  });

  it('are the options of the command, hidden ones aside', async () => {
    const options = await offered('spec', 'apply', '--');
    expect(options).toEqual(expect.arrayContaining(['--prune', '--farm', '--json', '--help']));
    expect(options).not.toContain('--admin-token-file');
  });

  it.each([
    [
      ['eval', 'restart', '--failures', ''],
      ['failed', 'infrastructure', 'canceled', 'all'],
    ],
    [
      ['eval', 'list', '--spec', ''],
      ['specification-a', 'specification-b'],
    ],
    [['eval', 'list', '--spec', 'specification-b'], ['specification-b']],
    [
      ['eval', 'watch', ''],
      ['specification-a', 'specification-b'],
    ],
    [
      ['eval', 'trigger', ''],
      ['specification-a', 'specification-b'],
    ],
    [
      ['worker', 'pause', 'worker-a', ''],
      ['worker-a', 'worker-b'],
    ],
    [
      ['worker', 'pause', '--note', 'x', ''],
      ['worker-a', 'worker-b'],
    ],
    [
      ['worker', 'pause', '--note=x', ''],
      ['worker-a', 'worker-b'],
    ],
    [['worker', 'show', 'worker-a', ''], []],
    [
      ['store', 'verify', '--store', ''],
      ['store-a', 'store-b'],
    ],
    [
      ['spec', 'show', '--', ''],
      ['specification-a', 'specification-b'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', ''], []],
  ])('at %j are %j', async (words, expected) => {
    const found = await offered(...words);
    if (words[0] === 'nonsense') expect(found).toContain('eval');
    else expect(found).toEqual(expected);
  });
});

describe('a shell', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gambeson-completion-'));
    // Says what it was asked, and offers two words with their descriptions.
    const program = `#!/bin/sh
printf '%s\\n' "$*" >> '${directory}/asked'
case "$*" in *nothing*) exit 0 ;; esac
printf 'alpha\\tthe first\\nalpine\\tthe second\\n'
`;
    writeFileSync(join(directory, 'gambeson'), program);
    chmodSync(join(directory, 'gambeson'), 0o755);
    writeFileSync(join(directory, 'nothing-file.scm'), '');
    for (const shell of shells) writeFileSync(join(directory, `script.${shell}`), scripts[shell]);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function run(shell: string, ...words: string[]): string {
    const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}`, HOME: directory };
    const ran = spawnSync(shell, words, { cwd: directory, env, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(ran.status).toBe(0);
    return ran.stdout;
  }

  it('called bash completes words, and files where nothing is offered', () => {
    const complete = `source script.bash
      try() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _gambeson
        printf '[%s]' "\${COMPREPLY[@]}"
        echo
      }
      try gambeson eval al
      try gambeson spec apply nothing-f
      try gambeson spec ''
      complete -p gambeson`;
    expect(run('bash', '--norc', '--noprofile', '-c', complete)).toBe(
      '[alpha][alpine]\n[nothing-file.scm]\n[alpha][alpine]\ncomplete -F _gambeson gambeson\n',
    );
    expect(run('cat', 'asked')).toBe(
      '__complete -- eval al\n__complete -- spec apply nothing-f\n__complete -- spec \n',
    );
  });

  const others = ['zsh', 'fish'].filter((shell) => spawnSync(shell, ['--version']).status === 0);
  if (others.length < 2) process.stderr.write('PASSED OVER: completion in shells not here\n');
  it.each([...others, 'bash'])('called %s reads its script without a fault', (shell) => {
    expect(run(shell, '-n', `script.${shell}`)).toBe('');
  });
});
