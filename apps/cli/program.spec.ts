/** What holds of every command: its help has words and examples, its faults end as documented. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '#adapters/postgres/embedded.js';
import { runCommand, type Ran } from '#testkit/run-command.js';
import { endBadly } from './exit-codes.js';
import { gambesonProgram, withCommandsBelow, wordsOf } from './program.js';

const all = withCommandsBelow(gambesonProgram()).filter((one) => one.name() !== '__complete');
const kept = { ...process.env };
let farm: Server;
let base: string;
let home: string;
/** What the farm answers next, and what it was asked. */
let status = 200;
const asked: { method: string; path: string; token: string | null }[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'gambeson-cli-'));
  farm = createServer((request, response) => {
    const token = request.headers.authorization ?? null;
    asked.push({ method: request.method ?? '', path: request.url ?? '', token });
    const problem = { type: 'about:blank', title: 'x', status, detail: `It said ${status}.` };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status < 400 ? { items: [], next: null } : problem));
  });
  await new Promise<void>((resolve) => {
    farm.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(farm.address() as AddressInfo).port}`;
  process.env['XDG_CONFIG_HOME'] = home;
  process.env['GAMBESON_DATA'] = home;
});
afterEach(() => {
  status = 200;
  asked.length = 0;
  for (const name of ['GAMBESON_URL', 'GAMBESON_TOKEN_FILE']) delete process.env[name];
  rmSync(join(home, 'gambeson'), { recursive: true, force: true });
});
afterAll(() => {
  process.env = kept;
  farm.closeAllConnections();
  farm.close();
  rmSync(home, { recursive: true, force: true });
});

function run(...words: string[]): Promise<Ran> {
  return runCommand(() => gambesonProgram().parseAsync(['node', 'gambeson', ...words]), endBadly);
}

/** Those that stand on one line, as far as they are gambeson's own. */
function examplesIn(help: string): string[] {
  return help
    .slice(help.indexOf('\nExamples:\n'))
    .split('\n')
    .filter((line) => /^ {2}gambeson [^…]+$/.test(line) && !line.endsWith('\\'))
    .map((line) => line.trim().split(/ {2,}| [|>&] ?/, 1)[0]!);
}

/** What the program says of these words before it does anything; null: it understands them. */
async function faultOfExample(line: string): Promise<string | null> {
  const plain = line.replaceAll(/\$\([^)]*\)/g, 'X');
  const words = [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );
  const program = gambesonProgram();
  let said = '';
  for (const command of withCommandsBelow(program)) {
    command.exitOverride().configureOutput({ writeErr: (text) => void (said += text) });
    command.action(() => undefined);
  }
  const ended = program.parseAsync(['node', ...words]);
  return ended.then(
    () => null,
    ({ exitCode }: { exitCode?: number }) => (exitCode === 0 ? null : said),
  );
}

function config(text: string): void {
  mkdirSync(join(home, 'gambeson'), { recursive: true });
  writeFileSync(join(home, 'gambeson', 'config.json'), text);
}

describe('every command', () => {
  it('is looked at', () => {
    expect(all.length).toBeGreaterThan(40);
  });

  it.each(all.map((command) => [`gambeson ${wordsOf(command)}`.trim(), command] as const))(
    '%s says what it does, and its help has examples',
    async (path, command) => {
      expect(command.description()).not.toBe('');
      const words = path.split(' ').slice(1);
      const { out, errors, status: ended } = await run(...words, '--help');
      expect({ ended, errors }).toEqual({ ended: 0, errors: '' });
      expect(out).toMatch(/\nExamples:\n/);
      const own = command.commands.length === 0 ? path : path.split(' ')[0]!;
      expect(out.slice(out.indexOf('Examples:'))).toContain(own);
      for (const line of examplesIn(out)) {
        expect([line, await faultOfExample(line)]).toEqual([line, null]);
      }
      for (const { description } of [...command.options, ...command.registeredArguments]) {
        expect(description).not.toBe('');
      }
    },
  );
});

describe('gambeson', () => {
  it('says which it is', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run('--version')).toMatchObject({ out: `${version}\n`, errors: '', status: 0 });
  });
});

describe('a command that cannot be done', () => {
  it.each([
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['spec', 'list', '--frobnicate']],
    ['a missing argument', ['spec', 'show']],
    ['no command at all', []],
    ['a name that no config knows', ['spec', 'list', '--farm', 'nowhere']],
  ])('ends with 2: %s', async (_, words) => {
    const told = await run(...words);
    expect(told).toMatchObject({ out: '', status: 2 });
    expect(told.errors).not.toBe('');
    expect(asked).toEqual([]);
  });

  it.each([
    [400, 2],
    [422, 2],
    [404, 3],
    [401, 4],
    [403, 4],
    [409, 5],
    [412, 5],
    [428, 5],
    [429, 6],
    [500, 6],
    [503, 6],
  ])('ends, when the farm answers %d, with %d', async (answer, code) => {
    status = answer;
    const told = await run('token', 'list', '--farm', base);
    expect(told).toMatchObject({ out: '', status: code });
    expect(told.errors).toContain(`It said ${answer}.`);
  });

  it('ends with 6 when nobody answers', async () => {
    const address = `http://127.0.0.1:${await freePort()}`;
    const told = await run('spec', 'list', '--farm', address);
    expect(told).toMatchObject({ out: '', status: 6 });
    expect(told.errors).toBe(`gambeson: ${address} does not answer (ECONNREFUSED)\n`);
  });

  it('ends with 4, and asks nothing, when it changes something without a token', async () => {
    const told = await run('token', 'revoke', '7', '--farm', base);
    expect(told).toMatchObject({ out: '', status: 4 });
    expect(told.errors).toContain('--token-file');
    expect(asked).toEqual([]);
  });
});

describe('the farm that is asked', () => {
  it('is named by a config, which knows where the token lies', async () => {
    writeFileSync(join(home, 'token'), 'sesame\n');
    const farms = { ci: { url: `${base}/`, tokenFile: join(home, 'token') } };
    config(JSON.stringify({ farm: 'ci', farms }));
    expect(await run('spec', 'list')).toMatchObject({ errors: '', status: 0 });
    expect(await run('spec', 'list', '--farm', 'ci')).toMatchObject({ status: 0 });
    const seen = { method: 'GET', path: '/api/v1/specifications', token: 'Bearer sesame' };
    expect(asked).toEqual([seen, seen]);
  });

  it('is the one of a pasted address, which gets no token that is kept for another', async () => {
    process.env['GAMBESON_URL'] = 'https://mine.example.org';
    process.env['GAMBESON_TOKEN_FILE'] = join(home, 'token');
    writeFileSync(join(home, 'token'), 'sesame\n');
    await run('build', 'log', `${base}/build/7/details`);
    expect(asked).toEqual([{ method: 'GET', path: '/api/v1/builds/7/log', token: null }]);
    const refused = await run('build', 'restart', `${base}/build/7/details`);
    expect(refused).toMatchObject({ out: '', status: 4 });
    expect(refused.errors).toContain('no token of yours');
    const wished = await run('build', 'log', `${base}/builds/7`, '--farm', base);
    expect(wished.status).toBe(0);
    expect(asked.at(-1)).toMatchObject({ token: 'Bearer sesame' });
    expect(asked).toHaveLength(2);
  });

  it('is not shown what cannot be a token', async () => {
    for (const text of ['', 'two words', 'two\nlines', 'sésame']) {
      writeFileSync(join(home, 'odd'), `${text}\n`);
      const told = await run('token', 'list', '--farm', base, '--token-file', join(home, 'odd'));
      expect(told).toMatchObject({ out: '', status: 4 });
      expect(told.errors).toContain('holds no token');
    }
    expect(asked).toEqual([]);
  });

  it('is asked without a token where there is none to be read', async () => {
    process.env['GAMBESON_URL'] = base;
    expect(await run('spec', 'list')).toMatchObject({ errors: '', status: 0 });
    expect(asked).toMatchObject([{ token: null }]);
  });

  it.each([
    ['no JSON', '{'],
    ['a token', '{"farms":{"ci":{"url":"https://ci.example.org","token":"sesame"}}}'],
    ['an address of another kind', '{"farms":{"ci":{"url":"ftp://ci.example.org"}}}'],
    ['a farm that it does not know', '{"farm":"ci"}'],
  ])('is not guessed from a config with %s', async (_, text) => {
    config(text);
    const told = await run('spec', 'list');
    expect(told).toMatchObject({ out: '', status: 2 });
    expect(told.errors).toContain('config.json');
    expect(told.errors).not.toContain('sesame');
  });
});
