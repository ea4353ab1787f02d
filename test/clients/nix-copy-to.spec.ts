/**
 * The real `nix copy --to` and `nix store copy-log` with an access token: closures built elsewhere
 * come into a store for pushes, and out of it again.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  startTestSubstituter,
  type HeldToken,
  type TestSubstituter,
} from '../integration/substituter-harness.js';
import { NixClient, type Ran } from './nix-client.js';

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

let postgres: TestPostgres;
let farm: TestSubstituter;
let held: HeldToken;
let nix: NixClient;
let netrcs = 0;
const paths = { tool: '', library: '', big: '', late: '', derivation: '' };

async function netrc(token: string): Promise<string[]> {
  const file = nix.store(`netrc-${(netrcs += 1)}`);
  await writeFile(file, `machine 127.0.0.1 login anybody password ${token}\n`, { mode: 0o600 });
  return ['--option', 'netrc-file', file];
}

async function push(query: string, token: string, ...wanted: string[]): Promise<Ran> {
  const to = `${farm.address}/team${query}`;
  const more = await netrc(token);
  return nix.run('nix', 'copy', '--store', nix.store('build'), '--to', to, ...more, ...wanted);
}

async function fetched(to: string, path: string): Promise<Ran> {
  const from = `${farm.address}/team`;
  const unsigned = ['--option', 'require-sigs', 'false'];
  return nix.run('nix', 'copy', '--from', from, '--to', nix.store(to), ...unsigned, path);
}

async function count(table: string): Promise<number> {
  const sql = `select count(*)::int as n from ${table} t join stores s on s.id = t.store_id
                where s.slug = 'team'`;
  return Number((await farm.database.query(sql))[0]!['n']);
}

beforeAll(async () => {
  nix = await NixClient.open();
  const release = nix.store('release.nix');
  await writeFile(release, expression);
  const at = ['--store', nix.store('build')];
  for (const name of ['library', 'tool', 'big', 'late'] as const) {
    const drv = await nix.good('nix-instantiate', ...at, release, '-A', name);
    paths[name] = await nix.good('nix-store', ...at, '--realise', drv);
    if (name === 'tool') paths.derivation = drv;
  }
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  held = await farm.token('team');
}, 120_000);

afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
  await nix?.remove();
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
    const file = join(nix.store('again'), paths.tool);
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
      const from = ['--store', nix.store('build')];
      const wanted = slug === 'in-br' ? [paths.tool] : [paths.tool, paths.big];
      const ran = await nix.run('nix', 'copy', ...from, '--to', to, ...more, ...wanted);
      expect({ way, ...ran }).toMatchObject({ way, code: 0 });
    }
    const sql = `select distinct n.compression from nars n`;
    expect(await farm.database.query(sql)).toEqual([{ compression: 'zstd' }]);
  }, 30_000);

  it('keeps the signatures of whoever pushes', async () => {
    const secret = nix.store('sk');
    const key = 'pusher.example.org-1';
    const made = ['--generate-binary-cache-key', key, secret, nix.store('pk')];
    await nix.good('nix-store', ...made);
    const ran = await push(`?compression=zstd&secret-key=${secret}`, held.token, paths.big);
    expect(ran).toMatchObject({ code: 0 });
    const narinfo = `${farm.address}/team/${basename(paths.big).slice(0, 32)}.narinfo`;
    const names = [...(await (await fetch(narinfo)).text()).matchAll(/^Sig: ([^:]+):/gm)];
    expect(names.map((match) => match[1])).toContain(key);
    const trusted = await readFile(nix.store('pk'), 'utf8');
    const from = ['--from', `${farm.address}/team`, '--to', nix.store('signed')];
    const copied = await nix.run(
      ...(['nix', 'copy', ...from, paths.big] as const),
      ...['--option', 'trusted-public-keys', trusted.trim()],
    );
    expect(copied).toMatchObject({ code: 0 });
  });

  it('brings logs, which are shown again', async () => {
    const to = `${farm.address}/team`;
    const from = ['--store', nix.store('build')];
    const more = await netrc(held.token);
    const copyLog = ['nix', 'store', 'copy-log', ...from, '--to', to, ...more] as const;
    expect(await nix.run(...copyLog, paths.derivation)).toMatchObject({ code: 0 });
    expect(await nix.run(...copyLog, paths.derivation)).toMatchObject({ code: 0 });
    const log = await (await fetch(`${to}/log/${basename(paths.derivation)}`)).text();
    expect(log).toBe(await nix.good('nix-store', ...from, '--read-log', paths.derivation));
  });

  it('is refused from the moment that the token is revoked', async () => {
    const { id, token } = await farm.token('team');
    await farm.database.query('update access_tokens set revoked_at = now() where id = $1', [id]);
    const refused = await push('?compression=zstd', token, paths.late);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('HTTP error 401');
  });
});
