/**
 * The sessions in docs/cli.md, run line by line against a real farm: every command there prints
 * what the page says it prints. With GAMBESON_WRITE_SESSIONS=1 the page is written anew instead,
 * where it says something else.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '#testkit/run-command.js';
import { endBadly } from '../../apps/cli/exit-codes.js';
import { gambesonProgram, withCommandsBelow, wordsOf as path } from '../../apps/cli/program.js';
import { garbageLoop } from '../../apps/coordinator/garbage-loop.js';
import { endBuilds, startCliFarm, type CliFarm } from './cli/cli-farm.js';
import { isAsTold, readSessions, withOutputs, wordsOf } from './cli/sessions.js';

const page = new URL('../../docs/cli.md', import.meta.url).pathname;
const text = readFileSync(page, 'utf8');
const sessions = readSessions(text);
const writing = process.env['GAMBESON_WRITE_SESSIONS'] === '1';
/** Brings up a farm of its own and stays: tried by up.spec.ts. */
const without = new Set(['up', '__complete']);

const kept = { env: { ...process.env }, directory: process.cwd() };
let farm: CliFarm;
let status = 0;

beforeAll(async () => {
  farm = await startCliFarm();
  process.chdir(farm.directory);
  process.env['GAMBESON_URL'] = farm.api.address;
  process.env['GAMBESON_DATA'] = farm.api.parts.settings.dataDirectory;
  process.env['GAMBESON_SUBSTITUTER_URL'] = farm.substituter.address;
  process.env['GAMBESON_SIGNING_KEYS'] = join(farm.directory, 'signing-keys');
  process.env['XDG_CONFIG_HOME'] = farm.directory;
  process.env['DATABASE_URL'] = farm.api.parts.database.url;
  delete process.env['NO_COLOR'];
  delete process.env['FORCE_COLOR'];
}, 60_000);
afterAll(async () => {
  process.chdir(kept.directory);
  process.env = kept.env;
  await farm?.stop();
});

/** The farm of the page is this one. */
function places(): readonly (readonly [string, string])[] {
  return [
    ['https://ci.example.org', farm.api.address],
    ['https://substitutes.example.org', farm.substituter.address],
    ['/var/lib/gambeson', farm.api.parts.settings.dataDirectory],
  ];
}

function here(command: string): string {
  return places().reduce((all, [told, real]) => all.replaceAll(told, real), command);
}

function told(output: string): string {
  const said = output.replace(/^\[(api|substituter)\] \d+.*\n/gm, '');
  const named = places().reduce((all, [name, real]) => all.replaceAll(real, name), said);
  return named.replaceAll(`${farm.directory}/`, '').replace(/\n+$/, '');
}

async function run(command: string, expected: string): Promise<string> {
  if (command === 'echo $?') return String(status);
  const [line, file] = here(command).split(' > ');
  const [program, ...words] = wordsOf(line!);
  if (program === 'cat') return cat(words[0]!, expected);
  if (words[0] === 'migrate') return built(words);
  if (program !== 'gambeson') throw new Error(`no session can run ${command}`);
  const ran = runCommand(
    () => beside(words, gambesonProgram().parseAsync(['node', 'gambeson', ...words])),
    endBadly,
    (output) => meanwhile(words, output),
  );
  const { out, errors, bytes, ...ended } = await ran;
  ({ status } = ended);
  if (file === undefined) return told(out + errors);
  writeFileSync(join(farm.directory, file), bytes);
  return told(errors);
}

/** The migrations lie beside the built program. */
function built(words: readonly string[]): string {
  const program = join(kept.directory, 'dist', 'apps', 'cli', 'main.js');
  const ran = spawnSync(process.execPath, [program, ...words], {
    env: process.env,
    encoding: 'utf8',
  });
  status = ran.status ?? 1;
  return told(ran.stdout + ran.stderr);
}

/** What a session reads and nobody has written yet is what it says. */
function cat(name: string, expected: string): string {
  const file = join(farm.directory, name);
  if (!existsSync(file)) writeFileSync(file, `${expected}\n`);
  return told(readFileSync(file, 'utf8'));
}

/** What is still built in the evaluation that is watched ends while it is watched. */
function meanwhile([noun, verb]: readonly string[], output: string): void {
  if (noun !== 'eval' || verb !== 'watch' || !output.includes('started compiler')) return;
  if (!ending) void (ending = endBuilds(farm));
}
let ending: Promise<void> | undefined;

/** A coordinator that collects garbage meanwhile, where it is asked for. */
async function beside<T>(words: readonly string[], command: Promise<T>): Promise<T> {
  if (words[0] !== 'store' || words[1] !== 'gc') return command;
  const loop = garbageLoop({ database: farm.api.parts.database, hours: 0 });
  const ending = new AbortController();
  const ended = command.finally(() => ending.abort());
  while (!ending.signal.aborted) await loop.pass(() => true);
  return ended;
}

describe('the sessions of docs/cli.md', () => {
  it('print what the page says', async () => {
    const outputs: string[][] = [];
    const faults: { line: number; command: string; expected: string; printed: string }[] = [];
    for (const { line, steps } of sessions) {
      const printed: string[] = [];
      for (const { command, expected } of steps) {
        const output = await run(command, expected);
        const same = isAsTold(expected, output);
        printed.push(same ? expected : output);
        if (!same) faults.push({ line, command, expected, printed: output });
      }
      outputs.push(printed);
    }
    if (writing) writeFileSync(page, withOutputs(text, outputs));
    else expect(faults).toEqual([]);
  }, 120_000);

  it('show every command', () => {
    const shown = sessions.flatMap(({ steps }) => steps.map(({ command }) => command));
    const missing = withCommandsBelow(gambesonProgram())
      .filter(({ commands }) => commands.length === 0)
      .map(path)
      .filter((words) => !without.has(words))
      .filter((words) => !shown.some((one) => `${one} `.startsWith(`gambeson ${words} `)));
    expect(missing).toEqual([]);
  });
});

/** Commands in a terminal of their own: util-linux's `script` is one. */
describe('an evaluation that is watched on a terminal', () => {
  it('is drawn as a tree, over itself, until its verdict is the exit status', async () => {
    const { database, bus } = farm.api.parts;
    const { running } = farm;
    // Canceled by the session before.
    await database.execute(`update builds set status = 'failed' where id = 5`);
    const at = async (status: string): Promise<void> => {
      await database.execute('update builds set status = $2 where id = $1', [running, status]);
      await bus.publish('live/builds', JSON.stringify({ build: running }));
    };
    await at('started');
    const program = join(kept.directory, 'dist', 'apps', 'cli', 'main.js');
    const command = `stty rows 40 cols 100; '${process.execPath}' '${program}' eval watch 2`;
    const env = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', CI: '' };
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], { env });
    const ended = once(terminal, 'close');
    let shown = '';
    const drawn = new Promise<void>((resolve) => {
      terminal.stdout.on('data', (bytes: Buffer) => {
        shown += bytes.toString();
        if (shown.includes('compiler x86_64-linux')) resolve();
      });
    });
    await Promise.race([drawn, ended]);
    await at('succeeded');
    expect(await ended).toEqual([1, null]);
    const bare = stripVTControlCharacters(shown);
    expect(bare).toMatch(/evaluation 2 of packages\r?\n├─ ✖ libfoo x86_64-linux/);
    expect(bare).toMatch(/│ {2}└─ blocks 2 jobs: foo-tools, foo-viewer/);
    expect(bare).toMatch(/[├└]─ ▶ compiler x86_64-linux \d+:\d\d/);
    expect(shown).toMatch(/\u001b\[\d+A\r/);
    expect(bare.trimEnd().split('\n').at(-1)).toMatch(/^9 of 9 done; 3 of 9 succeeded/);
  });
});

describe('an evaluation that is watched by a script', () => {
  it('is left with 130 when it is interrupted, and says how to come back', async () => {
    await farm.api.parts.database.execute("update builds set status = 'started' where id = 9");
    const program = join(kept.directory, 'dist', 'apps', 'cli', 'main.js');
    const watching = spawn(process.execPath, [program, 'eval', 'watch', '2'], { env: process.env });
    const ended = once(watching, 'close');
    let said = '';
    watching.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await Promise.race([once(watching.stdout, 'data'), ended]);
    watching.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(said).toContain('gambeson eval watch 2');
  });
});

describe('what is printed', () => {
  it('ends the command with a sentence where there is no room for it', () => {
    const program = join(kept.directory, 'dist', 'apps', 'cli', 'main.js');
    const full = openSync('/dev/full', 'w');
    const ran = spawnSync(process.execPath, [program, '--version'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(ran.stderr).toMatch(/^gambeson: .*ENOSPC.*\n$/);
    expect(ran.status).toBe(6);
  });
});

describe('a session that is not as the page says', () => {
  it.each([
    ['another word', 'one worker', 'two workers'],
    ['a line more', 'a', 'a\nb'],
    ['a line less', 'a\nb', 'a'],
    ['another number', '3 failed', '4 failed'],
    ['another kind of thing', 'began 2026-11-21 07:12:00 UTC', 'began 5 min ago'],
  ])('is found: %s', (_, expected, printed) => {
    expect(isAsTold(expected, printed)).toBe(false);
  });

  it.each([
    [
      'another time',
      'began 2026-11-21 07:12:00 UTC (3 min ago)',
      'began 2027-01-01T00:00:00Z (now)',
    ],
    ['other columns', 'ID  NAME\n1   a', 'ID    NAME\n1     a'],
    ['lines that are left out', 'a\n…\nd', 'a\nb\nc\nd'],
    ['the rest of a line', 'a …', 'a b c'],
  ])('is none: %s', (_, expected, printed) => {
    expect(isAsTold(expected, printed)).toBe(true);
  });
});
