/**
 * The built worker with Guix, from the farm's word to its own: derivations from a pack, inputs by
 * the daemon's substitutes, a build, its log, outputs uploaded. /gnu/store is a directory of the
 * test's own, bound into the worker's view; the daemon replays what a real one said.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProgram } from '#adapters/backends/sandbox/program.js';
import { restoreNar } from '#adapters/system/nar-disk.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { eventually } from '#testkit/eventually.js';
import { bytesOf, drvs, formats, GuixBed, outputsOf, store, type Name } from './guix-bed.js';
import { FakeGateway } from './worker-support/fake-gateway.js';
import { TinySubstituter } from './worker-support/tiny-substituter.js';
import { WorkerProcess } from './worker-support/worker-process.js';

const limits = { timeoutSeconds: 60, maxSilentSeconds: 60 };
const trace = readFileSync('test/fixtures/guix-build/build-trace.stderr', 'latin1');
let bed: GuixBed;
let substituter: TinySubstituter;
let gateway: FakeGateway;
let worker: WorkerProcess;

beforeAll(async () => {
  bed = await GuixBed.start();
  substituter = new TinySubstituter();
  await substituter.start();
  gateway = new FakeGateway(substituter);
  await gateway.start();
  gateway.tokens.add('token');
  worker = new WorkerProcess(
    [
      ...['--farm', gateway.address, '--data', join(bed.directory, 'worker'), '--name', 'guix'],
      ...['--token-file', tokenFile(), '--min-disk', '0', '--systems', 'x86_64-linux'],
    ],
    { wrapper: withStore(), env: { GUIX_DAEMON_SOCKET: bed.daemon.socketPath } },
  );
});

afterAll(async () => {
  await worker?.end();
  await gateway?.stop();
  await substituter?.stop();
  await bed?.stop();
});

function tokenFile(): string {
  const file = join(bed.daemon.root, 'token');
  bed.daemon.add('/token', 'token\n');
  return file;
}

/** Everything of the machine as it is, and /gnu from the daemon's root. */
function withStore(): string[] {
  const binds = readdirSync('/')
    .filter((name) => name !== 'gnu')
    .flatMap((name) => {
      const at = `/${name}`;
      const isLink = lstatSync(at).isSymbolicLink();
      if (isLink) return ['--symlink', readlinkSync(at), at];
      return [name === 'dev' ? '--dev-bind' : '--bind', at, at];
    });
  const gnu = ['--bind', join(bed.daemon.root, 'gnu'), '/gnu'];
  return [findProgram('bwrap'), '--die-with-parent', ...binds, ...gnu];
}

/** Puts what real Guix built where the daemon would, without saying that it is valid. */
async function place(path: string): Promise<{ narHash: string; references: readonly string[] }> {
  const name = basename(path);
  const nar = gunzipSync(readFileSync(join(formats, 'nar', `gzip-${name}`)));
  await restoreNar(oneOf(nar), join(bed.daemon.root, path));
  const narinfo = parseNarinfo(readFileSync(join(formats, `${name.slice(0, 32)}.narinfo`), 'utf8'));
  if (!narinfo.ok) throw new Error(narinfo.error.kind);
  const { narHash, references } = narinfo.value;
  bed.daemon.references.set(
    path,
    references.map((reference) => `${store}/${reference}`),
  );
  return { narHash, references };
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function offer(name: Name): string {
  const [derivation, outputs] = [`${store}/${drvs[name]}`, outputsOf(name)];
  const job = { derivation, outputs, system: 'x86_64-linux' };
  return gateway.offer(job, limits, { backend: 'guix', dir: store });
}

describe('the built worker, with Guix', () => {
  it('says by itself that it has Guix, where it sees a daemon', async () => {
    await gateway.until('a hello', () => gateway.heard.length > 0);
    const [hello] = gateway.heard;
    expect(hello?.type === 'hello' && hello.backends).toContain('guix');
  });

  it('builds, tells the log, and brings what real Guix made of it', async () => {
    const [dep = ''] = [...outputsOf('dep').values()];
    await place(dep);
    const top = outputsOf('top');
    const made = new Map<string, Awaited<ReturnType<typeof place>>>();
    for (const [name, path] of top) made.set(name, await place(path));
    const names: Name[] = ['dep', 'top', 'fail'];
    substituter.pack = names.map((name) => ({ name: drvs[name], bytes: bytesOf(name) }));
    bed.daemon.replay = (path) =>
      path === dep
        ? { said: [`@ substituter-started ${dep} substitute\n`], makes: [dep], end: 'done' }
        : {
            said: [trace.slice(trace.lastIndexOf('@ build-started'))],
            makes: [...top.values()],
            end: 'done',
          };
    const attempt = offer('top');
    await gateway.until('a report', () => gateway.reportOf(attempt) !== undefined);
    const result = gateway.reportOf(attempt)?.result;
    if (result?.kind !== 'succeeded') throw new Error(JSON.stringify(result));
    expect(new Set(result.outputs.map(({ name }) => name))).toEqual(new Set(top.keys()));
    for (const { name, path, narHash, references } of result.outputs) {
      expect(`${store}/${path}`).toBe(top.get(name));
      expect({ narHash, references }).toEqual(made.get(name));
      expect(substituter.uploads.has(path)).toBe(true);
    }
    expect(gateway.log(attempt)).toBe('building top\n');
    expect(bed.daemon.built.map(({ paths }) => paths)).toEqual([[dep], [`${store}/${drvs.top}`]]);
    // The pack's other derivations were not asked for.
    expect(bed.daemon.valid.has(`${store}/${drvs.fail}`)).toBe(false);
  }, 30_000);

  it('tells that a builder failed, with its status', async () => {
    const path = `${store}/${drvs.fail}`;
    const why = `builder for \`${path}' failed with exit code 3`;
    bed.plays({
      said: [`${why}\n@ build-failed ${path} - 1 ${why}\n`],
      end: { status: 100, message: `build of \`${path}' failed` },
    });
    const attempt = offer('fail');
    await gateway.until('a report', () => gateway.reportOf(attempt) !== undefined);
    expect(gateway.reportOf(attempt)?.result).toMatchObject({
      ...{ kind: 'failed', reason: 'builder-failed', exitCode: 3, message: why },
    });
  }, 30_000);

  it('lets go of what it held once the attempt is over', async () => {
    await eventually('no connection stands', () => bed.daemon.roots.size === 0);
    expect(bed.daemon.connections).toBe(2);
  });
});
