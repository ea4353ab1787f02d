/** Building through guix-daemon: what the worker asks of it, and what it makes of the answers. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { restoreNar } from '#adapters/system/nar-disk.js';
import { derivationPath } from '#formats/derivation-paths.js';
import { printDerivation, type Derivation } from '#formats/derivation.js';
import { sourcePath } from '#formats/store-path.js';
import { eventually } from '#testkit/eventually.js';
import { bytesOf, drvs, formats, GuixBed, outputsOf, store } from './guix-bed.js';

let bed: GuixBed;

beforeEach(async () => {
  bed = await GuixBed.start();
});

afterEach(() => bed.stop());

describe('a build by guix-daemon', () => {
  it('is asked for as the attempt has it, with nothing from anywhere else', async () => {
    bed.plays({ said: [], makes: [...outputsOf('ok').values()], end: 'done' });
    await bed.build('ok', { limits: { timeoutSeconds: 7.5, maxSilentSeconds: 5 } });
    const [asked] = bed.daemon.built;
    expect(asked?.paths).toEqual([`${store}/${drvs.ok}`]);
    expect(Object.fromEntries(asked?.options ?? [])).toMatchObject({
      'use-substitutes': '0',
      offload: '0',
      'print-build-trace': '1',
      'multiplexed-build-output': 'true',
      'build-timeout': '8',
      'build-max-silent-time': '5',
      'build-max-jobs': '1',
      'build-cores': '3',
    });
  });

  it('gets its inputs first, by substitutes alone, from the farm before all others', async () => {
    const upstreams = [{ address: 'https://ci.example.org', publicKeys: [] }];
    bed.open({ upstreams });
    bed.daemon.replay = (path) => ({
      said: [],
      makes: path.endsWith('.drv') ? [...outputsOf('top').values()] : [path],
      end: 'done',
    });
    const { result } = await bed.build('top', { inputs: ['dep'] });
    expect(result.kind).toBe('succeeded');
    const [inputs, itself] = bed.daemon.built;
    expect(inputs?.paths).toEqual([...outputsOf('dep').values()]);
    expect(inputs?.options.get('substitute-urls')).toBe(
      'http://127.0.0.1:9/guix https://ci.example.org',
    );
    expect(inputs?.options.get('use-substitutes')).toBe('1');
    expect(itself?.options.get('use-substitutes')).toBe('0');
  });

  it('takes substitutes up again, which daemons do on a new connection alone', async () => {
    bed.daemon.replay = (path) => ({ said: [], makes: [path], end: 'done' });
    await bed.build('dep').catch(() => undefined);
    const [before] = [bed.daemon.connections];
    bed.daemon.replay = (path) => ({ said: [], makes: [path], end: 'done' });
    await bed.build('top', { inputs: ['dep'] }).catch(() => undefined);
    expect(bed.daemon.connections).toBe(before + 1);
  });

  it('without an input is the fault of the farm, which names a key that is not known', async () => {
    const key = readFileSync(join(formats, 'signing-key.pub'), 'utf8');
    const server = createServer((request, response) => {
      response.end(request.url === '/guix/signing-key.pub' ? key : undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      bed.open({ substituter: { address } });
      const message = 'some substitutes for the outputs of derivation failed';
      bed.plays({
        said: ['@ download-progress a b 1 2\n', 'no substituter that can build it\n'],
        end: { status: 1, message },
      });
      writeFileSync(join(bed.directory, 'acl'), '(acl)');
      const { result } = await bed.build('top', { inputs: ['dep'] });
      expect(result).toMatchObject({ kind: 'failed', reason: 'input-missing' });
      expect(result.kind === 'failed' && result.message).toMatch(
        /dep-1\.0 could not be fetched: The key of .*\/guix is not authorised .*--authorize/,
      );
      expect(result.kind === 'failed' && result.message).not.toContain('download-progress');
      writeFileSync(join(bed.directory, 'acl'), `(acl (entry ${key} (tag (guix import))))`);
      const again = await bed.build('top', { inputs: ['dep'] });
      expect(again.result.kind === 'failed' && again.result.message).not.toContain('authorised');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('of another system is not tried, since the daemon would', async () => {
    const { result } = await bed.build('arm', { system: 'aarch64-linux' });
    expect(result).toMatchObject({ kind: 'failed', reason: 'unsupported-system' });
    expect((await bed.build('ok', { system: 'aarch64-linux' })).result).toMatchObject({
      reason: 'unsupported-system',
    });
    expect(bed.daemon.built).toEqual([]);
  });

  it('of an untrusted request wants a daemon that closes builds in', async () => {
    bed.open({ untrusted: true, sandboxed: false });
    const { result } = await bed.build('ok');
    expect(result).toMatchObject({ kind: 'failed', reason: 'infrastructure' });
    expect(bed.daemon.built).toEqual([]);
    bed.open({ untrusted: true, sandboxed: true });
    bed.plays({ said: [], makes: [...outputsOf('ok').values()], end: 'done' });
    expect((await bed.build('ok')).result.kind).toBe('succeeded');
  });

  it('that failed before, by a daemon that remembers, is built again', async () => {
    const path = `${store}/${drvs.fail}`;
    const cached = `@ build-failed ${path} - cached\n`;
    bed.daemon.replay = () =>
      bed.daemon.cleared.length === 0
        ? { said: [cached], end: { status: 100, message: `build of \`${path}' failed` } }
        : { said: [`@ build-started ${path} - x86_64-linux /log 1\n`], end: 'done' };
    const { result, started, log } = await bed.build('fail');
    expect([result.kind, started]).toEqual(['succeeded', 1]);
    expect(log).toContain('--cache-failures');
    expect(bed.daemon.cleared).toEqual([...outputsOf('fail').values()]);
  });

  it('that is here already is told so, and not built', async () => {
    for (const path of outputsOf('ok').values()) bed.daemon.add(path);
    const { result, started } = await bed.build('ok');
    expect([result, started]).toMatchObject([{ kind: 'succeeded', sandboxed: false }, 1]);
    expect(bed.daemon.built).toEqual([]);
  });

  it('ends when its log is full, with as much of it as there is room for', async () => {
    const path = `${store}/${drvs.ok}`;
    const said = `@ build-started ${path} - x86_64-linux /log 1\n@ build-log 1 9\n123456789`;
    bed.plays({ said: [said], end: 'hang' });
    const { log, result } = await bed.build('ok', { maxLogBytes: 5 });
    expect([log, result]).toMatchObject(['12345', { kind: 'failed', reason: 'log-limit' }]);
  });

  it('ends when it is canceled, be it silent, and the daemon hears of it', async () => {
    bed.plays({ said: [], end: 'hang' });
    const cancellation = new AbortController();
    const building = bed.build('ok', { cancellation: cancellation.signal });
    building.catch(() => undefined);
    await eventually('the daemon builds', () => bed.daemon.built.length > 0);
    cancellation.abort();
    await expect(building).rejects.toMatchObject({ code: 'canceled' });
    await eventually('its connection is closed', () => bed.daemon.roots.size === 0);
  });

  it('that was canceled before it began is never asked for', async () => {
    const cancellation = new AbortController();
    cancellation.abort();
    const building = bed.build('ok', { cancellation: cancellation.signal });
    await expect(building).rejects.toMatchObject({ code: 'canceled' });
    expect(bed.daemon.built).toEqual([]);
  });

  it('has all that it needs and makes rooted, while its connection stands', async () => {
    bed.plays({ said: [], makes: [...outputsOf('top').values()], end: 'done' });
    for (const path of outputsOf('dep').values()) bed.daemon.add(path);
    await bed.build('top', { inputs: ['dep'] });
    const held = [...bed.daemon.roots.values()].flatMap((roots) => [...roots]);
    expect(held).toEqual(
      expect.arrayContaining([
        ...[`${store}/${drvs.top}`, `${store}/${drvs.dep}`],
        ...outputsOf('top').values(),
        ...outputsOf('dep').values(),
      ]),
    );
  });

  it('roots anew what it held when the daemon was restarted', async () => {
    await bed.backend.missingDerivations([`${store}/${drvs.ok}`]);
    bed.daemon.cut();
    await eventually('the connection is gone', () => bed.daemon.roots.size === 0);
    await bed.backend.missingDerivations([`${store}/${drvs.fail}`]);
    const [held] = [...bed.daemon.roots.values()];
    expect([...(held ?? [])].sort()).toEqual(
      [`${store}/${drvs.fail}`, `${store}/${drvs.ok}`].sort(),
    );
  });
});

describe('a connection to guix-daemon', () => {
  it('that breaks before it was answered is opened once more', async () => {
    const path = `${store}/${drvs.ok}`;
    await bed.backend.missingDerivations([path]);
    bed.daemon.breaksNext = true;
    expect(await bed.backend.missingDerivations([path])).toEqual([drvs.ok]);
    expect(bed.daemon.connections).toBe(2);
  });

  it('that breaks when it is new is not', async () => {
    bed.daemon.breaksNext = true;
    await expect(bed.backend.missingDerivations([`${store}/${drvs.ok}`])).rejects.toMatchObject({
      code: 'program-failed',
    });
  });
});

describe('what enters the store of a worker', () => {
  it('is what the daemon computes the same path for, and what it needs', async () => {
    expect(await bed.backend.missingDerivations([`${store}/${drvs.top}`])).toEqual([drvs.top]);
    const top = { path: `${store}/${drvs.top}`, bytes: bytesOf('top') };
    await expect(bed.backend.importDerivations([top])).rejects.toMatchObject({
      code: 'corrupt-data',
    });
    const dep = { path: `${store}/${drvs.dep}`, bytes: bytesOf('dep') };
    await bed.backend.importDerivations([dep, top]);
    expect(await bed.backend.missingDerivations([top.path, dep.path])).toEqual([]);
    const forged = { path: dep.path, bytes: bytesOf('ok') };
    await expect(bed.backend.importDerivations([forged])).rejects.toMatchObject({
      code: 'corrupt-data',
    });
  });

  it('brings its sources from the farm first: the daemon takes none that lacks them', async () => {
    const source = `${store}/3p4jhdl3hp8c644mk0a12rb0566j6miz-ok`;
    const derivation = withSource(source);
    bed.plays({ said: [], end: { status: 1, message: 'no substitutes' } });
    await expect(bed.backend.importDerivations([derivation])).rejects.toMatchObject({
      code: 'input-missing',
      message: expect.stringContaining(source) as unknown,
    });
    bed.plays({ said: [], makes: [source], end: 'done' });
    await bed.backend.importDerivations([derivation]);
    expect(bed.daemon.built.map(({ paths }) => paths)).toEqual([[source], [source]]);
    expect(bed.daemon.valid.has(derivation.path)).toBe(true);
  });

  it('leaves it as an archive with its hash', async () => {
    const path = `${store}/3p4jhdl3hp8c644mk0a12rb0566j6miz-ok`;
    const nar = gunzipSync(readFileSync(join(formats, 'nar', `gzip-${basename(path)}`)));
    await restoreNar(oneOf(nar), join(bed.daemon.root, path));
    bed.daemon.add(path);
    const { narSize, references } = await bed.backend.pathInfo(path);
    expect([narSize, references]).toEqual([nar.length, []]);
    const pieces: Uint8Array[] = [];
    for await (const piece of bed.backend.narOf(path)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(nar)).toBe(true);
    expect(() => bed.backend.narOf('/gnu/store/../etc/passwd')).toThrow('not a path');
  });

  it('is asked of a daemon that is there', async () => {
    bed.open({ daemon: join(bed.directory, 'nobody') });
    await expect(bed.backend.missingDerivations([`${store}/${drvs.ok}`])).rejects.toMatchObject({
      code: 'program-failed',
      message: expect.stringContaining('does not answer') as unknown,
    });
    bed.daemon.version = 0x260;
    bed.open();
    await expect(bed.backend.missingDerivations([`${store}/${drvs.ok}`])).rejects.toThrow(
      'protocol',
    );
  });
});

/** A derivation of a fixed output, which needs no hash of its own to be told here. */
function withSource(source: string): { readonly path: string; readonly bytes: Uint8Array } {
  const hash = '0'.repeat(64);
  const name = 'with-source';
  const out = sourcePath({ dir: store, name, narDigest: new Uint8Array(32) });
  const derivation: Derivation = {
    outputs: [{ name: 'out', path: out, hashAlgorithm: 'r:sha256', hash }],
    inputDerivations: [],
    inputSources: [source],
    ...{ system: 'x86_64-linux', builder: '/bin/sh', args: [], env: [['out', out]] },
  };
  const bytes = printDerivation(derivation);
  return { path: derivationPath({ dir: store, name, bytes, derivation }), bytes };
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
