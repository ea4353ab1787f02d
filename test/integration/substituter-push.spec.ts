/** Pushes with an access token, as clients outside the farm make them, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { formatNixPublicKey, generateNixKey, signNix } from '#formats/nix-signature.js';
import { parseNarinfo, printNixNarinfo, type Narinfo } from '#formats/narinfo.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  raw,
  sampleNar,
  startTestSubstituter,
  type HeldToken,
  type RawAnswer,
  type SampleNar,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;
let held: HeldToken;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres, {
    GAMBESON_MAX_NAR_BYTES: String(8 * 1024 ** 2),
    GAMBESON_MAX_LOG_MB: '1',
  });
  held = await farm.token('team');
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

interface Asked {
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly token?: string;
}

async function ask(path: string, asked: Asked = {}): Promise<RawAnswer> {
  const { method = 'PUT', body, token = held.token } = asked;
  const authorization = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`;
  return raw(`${farm.address}${path}`, {
    method,
    headers: { authorization },
    ...(body && { body }),
  });
}

const problemOf = (answer: RawAnswer): Record<string, unknown> =>
  JSON.parse(answer.body.toString()) as Record<string, unknown>;

function fileNameOf(file: Uint8Array, extension = ''): string {
  const hash = formatHash({ algorithm: 'sha256', digest: sha256(file) });
  return `${hash.slice('sha256:'.length)}.nar${extension}`;
}

function narinfoOf(sample: SampleNar, file: string, more: Partial<Narinfo> = {}): Buffer {
  const narinfo = {
    storePath: `/nix/store/${sample.path}`,
    encodings: [{ url: `nar/${file}`, compression: 'zstd' }],
    ...{ narHash: sample.narHash, narSize: sample.nar.length },
    ...{ references: [], signatures: [], ...more },
  };
  return Buffer.from(printNixNarinfo(narinfo));
}

async function putNar(sample: SampleNar, slug = 'team', token = held.token): Promise<string> {
  const file = fileNameOf(sample.compressed, '.zst');
  const answer = await ask(`/${slug}/nar/${file}`, { body: sample.compressed, token });
  expect(answer.status).toBeLessThan(300);
  return file;
}

async function name(sample: SampleNar, narinfo: Uint8Array): Promise<RawAnswer> {
  return ask(`/team/${sample.path.slice(0, 32)}.narinfo`, { body: narinfo });
}

async function push(sample: SampleNar, more: Partial<Narinfo> = {}): Promise<RawAnswer> {
  return name(sample, narinfoOf(sample, await putNar(sample), more));
}

describe('a pushed path', () => {
  it('is offered by its narinfo, which comes last, and only in its store', async () => {
    const a = sampleNar('a');
    const file = await putNar(a);
    const url = `${farm.address}/team/${'a'.repeat(32)}.narinfo`;
    expect((await raw(url)).status).toBe(404);
    expect((await raw(`${farm.address}/team/nar/${file}`)).status).toBe(404);
    expect((await name(a, narinfoOf(a, file))).status).toBe(201);
    const told = parseNarinfo((await raw(url)).body.toString());
    expect(told).toMatchObject({ ok: true, value: { narHash: a.narHash } });
    expect((await raw(`${farm.address}/nix/${'a'.repeat(32)}.narinfo`)).status).toBe(404);
    expect((await name(a, narinfoOf(a, file))).status).toBe(200);
  });

  it('is known to its pusher by a HEAD before it is named, and to nobody else', async () => {
    const b = sampleNar('b');
    const file = await putNar(b);
    const other = await farm.token('other');
    const head = async (token: string): Promise<number> =>
      (await ask(`/team/nar/${file}`, { method: 'HEAD', token })).status;
    expect([await head(held.token), await head(other.token)]).toEqual([200, 404]);
    await rm(join(farm.data, 'nars', 'files', file.slice(0, 2), file));
    expect(await head(held.token)).toBe(404);
    expect(problemOf(await name(b, narinfoOf(b, file))).type).toMatch(/not-uploaded$/);
    await putNar(b);
    expect((await name(b, narinfoOf(b, file))).status).toBe(201);
  });

  it('may share its nar with another', async () => {
    const c = sampleNar('c');
    const file = await putNar(c);
    expect((await name(c, narinfoOf(c, file))).status).toBe(201);
    const twin = { ...c, path: `${'d'.repeat(32)}-twin` };
    expect((await name(twin, narinfoOf(twin, file))).status).toBe(201);
  });

  it('waits for its references', async () => {
    const f = sampleNar('f');
    const g = sampleNar('g');
    const refused = await push(f, { references: [f.path, g.path] });
    expect(problemOf(refused)).toMatchObject({ status: 409, missing: [g.path] });
    await push(g);
    expect((await push(f, { references: [f.path, g.path] })).status).toBe(201);
  });

  it('with other bytes is refused with both hashes, which are kept', async () => {
    const h = sampleNar('h');
    await push(h);
    const other = { ...sampleNar('i'), path: h.path };
    const refused = problemOf(await push(other));
    expect(refused).toMatchObject({ status: 409, narHash: h.narHash });
    const kept = await farm.database.query(
      'select offered_hash, other_hash, principal from differing_nars where path = $1',
      [h.path],
    );
    const principal = `token-${held.id}`;
    expect(kept).toEqual([{ offered_hash: h.narHash, other_hash: other.narHash, principal }]);
    await push(other);
    expect(await farm.database.query('select from differing_nars')).toHaveLength(1);
  });

  it('whose narinfo does not tell what was pushed is refused', async () => {
    const j = sampleNar('j');
    const file = await putNar(j);
    const lies: [Partial<Narinfo>, RegExp][] = [
      [{ narHash: sampleNar('k').narHash }, /other-bytes-uploaded/],
      [{ narSize: 5 }, /other-bytes-uploaded/],
      [{ storePath: `/gnu/store/${j.path}` }, /bad-narinfo/],
      [{ storePath: `/nix/store/${'k'.repeat(32)}-sample` }, /bad-narinfo/],
      [{ encodings: [{ url: '../../secret', compression: 'none' }] }, /bad-narinfo/],
      [{ encodings: [{ url: `nar/${'0'.repeat(52)}.nar`, compression: 'none' }] }, /not-uploaded/],
      [{ ca: `fixed:r:${j.narHash}` }, /wrong-content-address/],
      [{ signatures: Array.from({ length: 17 }, (_, i) => `k${i}:AAAA`) }, /bad-narinfo/],
    ];
    for (const [lie, kind] of lies) {
      const refused = problemOf(await name(j, narinfoOf(j, file, lie)));
      expect(refused['type']).toMatch(kind);
    }
    const nonsense = problemOf(await name(j, Buffer.from('StorePath: x\n')));
    expect(nonsense['type']).toMatch(/bad-narinfo/);
    expect((await raw(`${farm.address}/team/${'j'.repeat(32)}.narinfo`)).status).toBe(404);
  });

  it('tells more signatures when it is pushed again with them', async () => {
    const l = sampleNar('l');
    await push(l, { signatures: ['one-1:AAAA'] });
    const url = `${farm.address}/team/${'l'.repeat(32)}.narinfo`;
    await push(l, { signatures: ['two-1:BBBB'] });
    const rows = await farm.database.query(
      `select signature from path_signatures g join store_paths p on p.id = g.path_id
        where p.path = $1 order by 1`,
      [l.path],
    );
    expect(rows.map((row) => row['signature'])).toEqual(['one-1:AAAA', 'two-1:BBBB']);
    expect((await raw(url)).body.toString()).toContain('Sig: one-1:AAAA');
  });
});

describe('a pushed path that is signed', () => {
  const key = generateNixKey('trusted.example.org-1');
  const signed = (sample: SampleNar, references: string[] = [], by = key): Partial<Narinfo> => {
    const { narHash, nar } = sample;
    const storePath = `/nix/store/${sample.path}`;
    return {
      references,
      signatures: [signNix(by, { storePath, narHash, narSize: nar.length, references })],
    };
  };
  const isIn = async (slug: string, sample: SampleNar): Promise<boolean> =>
    (await raw(`${farm.address}/${slug}/${sample.path.slice(0, 32)}.narinfo`)).status === 200;

  beforeAll(async () => {
    const trustedKeys = [formatNixPublicKey(key.publicKey())];
    await new PostgresStoreRegistry(farm.database).change('nix', { trustedKeys });
  });

  it('by a key that another store trusts is offered there, too', async () => {
    const v = sampleNar('v');
    await push(v, signed(v));
    expect([await isIn('team', v), await isIn('nix', v), await isIn('guix', v)]).toEqual([
      ...[true, true, false],
    ]);
  });

  it('by another key, or over other words, stays where it was pushed', async () => {
    const [w, x] = [sampleNar('w'), sampleNar('x')];
    await push(w, signed(w, [], generateNixKey('trusted.example.org-1')));
    const lie = signed({ ...x, narHash: w.narHash });
    await push(x, lie);
    expect([await isIn('nix', w), await isIn('nix', x)]).toEqual([false, false]);
  });

  it('comes over with what it refers to, or not at all', async () => {
    const [y, z] = [sampleNar('y'), sampleNar('z')];
    await push(y);
    await push(z, signed(z, [y.path]));
    expect(await isIn('nix', z)).toBe(false);
    await push(y, signed(y));
    await push(z, signed(z, [y.path]));
    expect([await isIn('nix', y), await isIn('nix', z)]).toEqual([true, true]);
  });
});

describe('a pushed nar', () => {
  it('must have the hash of its name, be whole, and stay within the limit', async () => {
    const m = sampleNar('m');
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 ** 2));
    const half = m.compressed.subarray(0, m.compressed.length - 5);
    for (const [bytes, named, status] of [
      [m.compressed, `${'0'.repeat(52)}.nar.zst`, 422],
      [half, fileNameOf(half), 422],
      [gzipSync(m.nar).subarray(0, 60), fileNameOf(gzipSync(m.nar).subarray(0, 60)), 422],
      [bomb, fileNameOf(bomb), 422],
      [sampleNar('n', 9 * 1024 ** 2).compressed, null, 413],
    ] as const) {
      const answer = await ask(`/team/nar/${named ?? fileNameOf(bytes)}`, { body: bytes });
      expect(answer.status).toBe(status);
    }
  });

  it('is asked for only when the token may write there', async () => {
    const p = sampleNar('p');
    const path = `/nar/${fileNameOf(p.compressed)}`;
    const body = p.compressed;
    const ended = await farm.token('team', { lifeSeconds: 0 });
    for (const [store, token, status] of [
      ['team', '', 401],
      ['team', `gbt_${'A'.repeat(43)}`, 401],
      ['team', ended.token, 401],
      ['team', farm.serviceToken, 401],
      ['nix', held.token, 403],
      ['other', held.token, 403],
    ] as const) {
      const answer = await ask(`/${store}${path}`, { body, token });
      expect([store, answer.status, answer.continued]).toEqual([store, status, false]);
    }
  });

  it('that is named after its token was revoked gets no row', async () => {
    const q = sampleNar('q');
    const doomed = await farm.token('team');
    const file = await putNar(q, 'team', doomed.token);
    await farm.database.query('update access_tokens set revoked_at = now() where id = $1', [
      doomed.id,
    ]);
    const narinfo = narinfoOf(q, file);
    const path = `/team/${q.path.slice(0, 32)}.narinfo`;
    const answer = await ask(path, { body: narinfo, token: doomed.token });
    expect(answer.status).toBe(401);
  });
});

describe('a token', () => {
  it('is never made for writing where the farm keeps what it built', async () => {
    const scope = { store: 'nix', specification: null, access: 'write' as const };
    await expect(farm.token('nix', { scope })).rejects.toThrow('not-for-pushes');
    const reading = { ...scope, access: 'read' as const };
    expect((await farm.token('nix', { scope: reading })).token).toMatch(/^gbt_/);
  });

  it('tells when it was last used', async () => {
    const used = await farm.token('team');
    await putNar(sampleNar('r'), 'team', used.token);
    const sql = 'select last_used_at is not null as used from access_tokens where id = $1';
    expect(await farm.database.query(sql, [used.id])).toEqual([{ used: true }]);
  });
});

describe('a pushed log', () => {
  const drv = `${'s'.repeat(32)}-thing.drv`;

  it('is told until another takes its place', async () => {
    const text = async (): Promise<string> =>
      (await raw(`${farm.address}/team/log/${drv}`)).body.toString();
    for (const log of ['the first\n', 'the second\n']) {
      expect((await ask(`/team/log/${drv}`, { body: Buffer.from(log) })).status).toBe(201);
      expect(await text()).toBe(log);
    }
    const gone = await farm.database.query(`select from condemned_files where kind = 'log'`);
    expect(gone).toHaveLength(1);
  });

  it('that is too long is refused', async () => {
    const body = Buffer.alloc(2 * 1024 ** 2);
    expect((await ask(`/team/log/${drv}`, { body })).status).toBe(413);
  });
});
