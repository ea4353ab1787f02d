/**
 * The real `nix copy --to` and `nix store copy-log` with an access token: closures built elsewhere
 * come into a store for pushes, and out of it again.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  startTestSubstituter,
  type HeldToken,
  type TestSubstituter,
} from '../integration/substituter-harness.js';

const expression = `
rec {
  library = derivation {
    name = "library-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "echo building the library; echo shared words > $out" ];
  };
  tool = derivation {
    name = "tool-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "echo uses \${library} and $out > $out" ];
  };
  late = derivation {
    name = "late-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "echo too late > $out" ];
  };
  big = derivation {
    name = "big-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "/bin/busybox dd if=/dev/urandom of=$out bs=1M count=2" ];
  };
}`;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let postgres: TestPostgres;
let farm: TestSubstituter;
let held: HeldToken;
let work = '';
let homes = 0;
const paths = { tool: '', library: '', big: '', late: '', derivation: '' };

async function nix(program: string, ...args: string[]): Promise<Ran> {
  const home = join(work, `home-${(homes += 1)}`);
  await mkdir(home);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    NIX_CONF_DIR: join(work, 'conf'),
    NIX_USER_CONF_FILES: '/dev/null',
    NIX_PATH: '',
    NIX_REMOTE: '',
  };
  return new Promise((resolve) => {
    execFile(program, args, { env, cwd: work, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
    });
  });
}

async function good(program: string, ...args: string[]): Promise<string> {
  const ran = await nix(program, ...args);
  if (ran.code !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.err}`);
  return ran.out.trim();
}

async function netrc(token: string): Promise<string[]> {
  const file = join(work, `netrc-${(homes += 1)}`);
  await writeFile(file, `machine 127.0.0.1 login anybody password ${token}\n`, { mode: 0o600 });
  return ['--option', 'netrc-file', file];
}

async function push(query: string, token: string, ...wanted: string[]): Promise<Ran> {
  const to = `${farm.address}/team${query}`;
  const more = await netrc(token);
  return nix('nix', 'copy', '--store', join(work, 'build'), '--to', to, ...more, ...wanted);
}

async function fetched(to: string, path: string): Promise<Ran> {
  const from = `${farm.address}/team`;
  const unsigned = ['--option', 'require-sigs', 'false'];
  return nix('nix', 'copy', '--from', from, '--to', join(work, to), ...unsigned, path);
}

async function count(table: string): Promise<number> {
  const sql = `select count(*)::int as n from ${table} t join stores s on s.id = t.store_id
                where s.slug = 'team'`;
  return Number((await farm.database.query(sql))[0]!['n']);
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'gambeson-nix-push-'));
  await mkdir(join(work, 'conf'));
  const conf = [
    'build-users-group =',
    'sandbox = true',
    'sandbox-paths = /bin/sh=/bin/busybox /bin/busybox=/bin/busybox',
    'substituters =',
    'experimental-features = nix-command',
    '',
  ];
  await writeFile(join(work, 'conf', 'nix.conf'), conf.join('\n'));
  await writeFile(join(work, 'release.nix'), expression);
  const at = ['--store', join(work, 'build')];
  for (const name of ['library', 'tool', 'big', 'late'] as const) {
    const drv = await good('nix-instantiate', ...at, join(work, 'release.nix'), '-A', name);
    paths[name] = await good('nix-store', ...at, '--realise', drv);
    if (name === 'tool') paths.derivation = drv;
  }
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  held = await farm.token('team');
}, 120_000);

afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
  await good('chmod', '-R', 'u+w', work);
  await rm(work, { recursive: true, force: true });
});

describe('nix copy to the farm', () => {
  it('without a token, with another’s or with one that reads alone is refused', async () => {
    const other = await farm.token('other');
    const scope = { store: 'team', specification: null, access: 'read' as const };
    const reader = await farm.token('team', { scope });
    for (const [token, status] of [
      ['gbt_', 401],
      [other.token, 403],
      [reader.token, 403],
    ] as const) {
      const refused = await push('?compression=zstd', token, paths.library);
      expect(refused.code).toBe(1);
      expect(refused.err).toContain(`HTTP error ${status}`);
    }
    expect(await count('store_paths')).toBe(0);
    expect((await readdir(join(farm.data, 'nars', 'files')).catch(() => [])).length).toBe(0);
  });

  it('brings a closure in zstd, which is fetched again', async () => {
    expect(await push('?compression=zstd', held.token, paths.tool)).toMatchObject({ code: 0 });
    expect(await fetched('again', paths.tool)).toMatchObject({ code: 0 });
    const file = join(work, 'again', paths.tool);
    expect(await readFile(file, 'utf8')).toContain(`uses ${paths.library}`);
  });

  it('brings the same a second time without sending it', async () => {
    const before = await count('uploads');
    expect(await push('?compression=zstd', held.token, paths.tool)).toMatchObject({ code: 0 });
    expect(await count('uploads')).toBe(before);
    expect(await count('store_paths')).toBe(2);
  });

  it('takes nars however Nix packs them, and keeps them in zstd', async () => {
    for (const [way, slug] of [
      ['', 'in-xz'],
      ['?compression=none', 'in-none'],
      ['?compression=gzip', 'in-gzip'],
      ['?compression=br', 'in-br'],
      ['?compression=bzip2', 'in-bzip2'],
      ['?compression=zstd&write-nar-listing=true', 'with-listing'],
    ]) {
      const { token } = await farm.token(slug!);
      const to = `${farm.address}/${slug}${way}`;
      const more = await netrc(token);
      const from = ['--store', join(work, 'build')];
      const wanted = slug === 'in-br' ? [paths.tool] : [paths.tool, paths.big];
      const ran = await nix('nix', 'copy', ...from, '--to', to, ...more, ...wanted);
      expect({ way, ...ran }).toMatchObject({ way, code: 0 });
    }
    const sql = `select distinct n.compression from nars n`;
    expect(await farm.database.query(sql)).toEqual([{ compression: 'zstd' }]);
  }, 30_000);

  it('keeps the signatures of whoever pushes', async () => {
    const secret = join(work, 'sk');
    const key = 'pusher.example.org-1';
    const made = ['--generate-binary-cache-key', key, secret, join(work, 'pk')];
    await good('nix-store', ...made);
    const ran = await push(`?compression=zstd&secret-key=${secret}`, held.token, paths.big);
    expect(ran).toMatchObject({ code: 0 });
    const narinfo = `${farm.address}/team/${basename(paths.big).slice(0, 32)}.narinfo`;
    const names = [...(await (await fetch(narinfo)).text()).matchAll(/^Sig: ([^:]+):/gm)];
    expect(names.map((match) => match[1])).toContain(key);
    const trusted = await readFile(join(work, 'pk'), 'utf8');
    const from = ['--from', `${farm.address}/team`, '--to', join(work, 'signed')];
    const copied = await nix(
      ...['nix', 'copy', ...from, paths.big],
      ...['--option', 'trusted-public-keys', trusted.trim()],
    );
    expect(copied).toMatchObject({ code: 0 });
  });

  it('brings logs, which are shown again', async () => {
    const to = `${farm.address}/team`;
    const from = ['--store', join(work, 'build')];
    const more = await netrc(held.token);
    const copied = await nix(
      'nix',
      'store',
      'copy-log',
      ...from,
      '--to',
      to,
      ...more,
      paths.derivation,
    );
    expect(copied).toMatchObject({ code: 0 });
    const again = await nix(
      'nix',
      'store',
      'copy-log',
      ...from,
      '--to',
      to,
      ...more,
      paths.derivation,
    );
    expect(again).toMatchObject({ code: 0 });
    const log = await (await fetch(`${to}/log/${basename(paths.derivation)}`)).text();
    expect(log).toBe(await good('nix-store', ...from, '--read-log', paths.derivation));
  });

  it('is refused from the moment that the token is revoked', async () => {
    const { id, token } = await farm.token('team');
    await farm.database.query('update access_tokens set revoked_at = now() where id = $1', [id]);
    const refused = await push('?compression=zstd', token, paths.late);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('HTTP error 401');
  });
});
