/**
 * The clients that Cuirass's API has, each as it asks: a Guile program of ours that is as strict as
 * Guix's own module, the Guix Data Service's thousands of requests on one connection, `guix
 * weather`, and the Emacs interface that knows addresses of 2018. None of their code is here.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import { guixBuilds, seedCuirassFarm } from '../integration/cuirass/cuirass-rows.js';

const scheme = new URL('./guile/', import.meta.url).pathname;
/** Requests that wait for their answers on one connection. */
const pipelined = process.env['GAMBESON_TEST_FULL'] === '1' ? 20_000 : 1000;

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedCuirassFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

function guileIsThere(): boolean {
  if (spawnSync('guile', ['--version']).status === 0) return true;
  process.stderr.write('PASSED OVER: the calls of a Guile client, as Guile is missing\n');
  return false;
}

const withGuile = guileIsThere() ? describe : describe.skip;

/** What the client printed, or what it ended with. */
async function askedByGuile(address: string): Promise<Map<string, string>> {
  const words = [address, '4', '1', 'my-packages', 'hello.x86_64-linux'];
  const settings = ['--no-auto-compile', '-L', scheme, `${scheme}farm-client.scm`];
  const client = spawn('guile', [...settings, ...words]);
  let [output, errors] = ['', ''];
  client.stdout.on('data', (text: Buffer) => (output += text.toString()));
  client.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const [status] = (await once(client, 'close')) as [number];
  if (status !== 0) throw new Error(`the client ended with ${status}: ${errors}`);
  const lines = output.trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [, what = '', rest = ''] = /^\((\S+) (.*)\)$/.exec(line) ?? [];
      return [what, rest] as const;
    }),
  );
}

withGuile('a Guile client as strict as Guix is', () => {
  it('makes all of its calls against builds in every status', async () => {
    const told = await askedByGuile(farm.address);
    expect(Object.fromEntries(told)).toEqual({
      queue: '4 (started scheduled submitted)',
      latest:
        '9 (succeeded canceled failed-other failed-dependency failed) ' +
        '((1 "ISO-9660" 4711 "/gnu/store/00000000000000000000000000000001-hello-2.12") ' +
        '(2 "manual" 4711 ' +
        '"/gnu/store/00000000000000000000000000000001-hello-2.12/share/doc/hello.pdf"))',
      throughput: '#t',
      filtered: '(1)',
      evaluation:
        '(4 "my-packages" succeeded (' +
        `("guix" "${'b'.repeat(40)}") ("my-channel" "${'7'.repeat(40)}")))`,
      evaluations: '(aborted started succeeded succeeded failed succeeded succeeded)',
      'evaluations-of': '(7 6)',
      jobs: '(failed-dependency failed succeeded failed-other)',
      build: '1',
      history:
        `((5 (("guix" "${'c'.repeat(40)}")) ((1 succeeded "hello.x86_64-linux"))) ` +
        `(4 (("guix" "${'b'.repeat(40)}") ("my-channel" "${'7'.repeat(40)}")) ` +
        '((1 succeeded "hello.x86_64-linux"))))',
      substitutes: `(succeeded "${'a'.repeat(40)}")`,
    });
  }, 30_000);
});

describe('the Guix Data Service', () => {
  it('asks for thousands of derivations on one connection, known and unknown', async () => {
    const known = '00000000000000000000000000000501-hello-2.12.drv';
    const paths = Array.from({ length: pipelined }, (_, at) =>
      at % 3 === 0 ? `/build/${'1'.repeat(32)}-p${at}.drv` : `/build/${known}`,
    );
    const answers = await answersAtOnce(farm.address, paths);
    expect(answers).toHaveLength(paths.length);
    for (const [at, { status, body }] of answers.entries()) {
      const missing = { error: `Build with ID ${'1'.repeat(32)}-p${at}.drv doesn't exist.` };
      if (at % 3 === 0) expect([status, JSON.parse(body)]).toEqual([404, missing]);
      else expect([status, (JSON.parse(body) as { id: number }).id]).toEqual([200, 1]);
    }
  }, 60_000);

  it('asks who builds an output', async () => {
    const path = '/output/00000000000000000000000000000777-unbuilt';
    const answer = await fetch(farm.address + path);
    expect(await answer.json()).toEqual({
      name: 'out',
      derivation: '/gnu/store/00000000000000000000000000000778-unbuilt.drv',
      build: null,
    });
  });
});

interface PipelinedAnswer {
  readonly status: number;
  readonly body: string;
}

/** All requests at once, then their answers in the order of the requests. */
async function answersAtOnce(
  address: string,
  paths: readonly string[],
): Promise<PipelinedAnswer[]> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  const last = paths.length - 1;
  for (const [at, path] of paths.entries()) {
    const closing = at === last ? 'Connection: close\r\n' : '';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: farm\r\n${closing}\r\n`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return answersIn(Buffer.concat(chunks));
}

function answersIn(bytes: Buffer): PipelinedAnswer[] {
  const answers: PipelinedAnswer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const head = bytes.toString('latin1', at, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    answers.push({ status, body: bytes.toString('utf8', end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
  return answers;
}

describe('the Emacs interface', () => {
  async function json<T>(path: string): Promise<T> {
    const answer = await fetch(farm.address + path, { headers: { accept: '*/*' } });
    expect([path, answer.status]).toEqual([path, 200]);
    return (await answer.json()) as T;
  }

  it('finds the keys of 2018 beside those of today', async () => {
    const evaluations = await json<Record<string, unknown>[]>('/api/evaluations?nr=2');
    expect(evaluations.map((one) => one['in-progress'])).toEqual([false, true]);
    expect(evaluations[0]?.['checkouts']).toEqual([
      { commit: 'e'.repeat(40), channel: 'guix', input: 'guix', directory: '' },
      { commit: '7'.repeat(40), channel: 'my-channel', input: 'my-channel', directory: '' },
    ]);
    const names = (await json<{ name: string }[]>('/jobsets')).map(({ name }) => name);
    expect(names).toEqual(['guix', 'my-packages']);
  });

  it('may encode what it asks for, and is understood', async () => {
    const asked = '/api/latestbuilds?nr=5&project=&jobset=my%2Dpackages&job=a%2cb.x86_64%2Dlinux';
    const [build, ...more] = await json<Record<string, unknown>[]>(asked);
    expect(more).toEqual([]);
    expect(build).toMatchObject({ id: guixBuilds.comma, nixname: 'comma-1.0', buildstatus: 0 });
  });

  it('reads a build by its number, and its log', async () => {
    const build = await json<Record<string, unknown>>(`/build/${guixBuilds.started}`);
    expect(build).toMatchObject({ busy: 1, finished: 0, stoptime: 0, buildoutputs: {} });
    const log = await fetch(`${farm.address}/build/${guixBuilds.started}/log/raw`);
    expect(await log.text()).toBe('still going\n');
  });
});

describe('guix weather', () => {
  it('finds derivations and times in the queue and among what was built last', async () => {
    for (const path of ['/api/queue?nr=1000', '/api/latestbuilds?nr=1000']) {
      const builds = (await (await fetch(farm.address + path)).json()) as Record<string, unknown>[];
      expect(builds.length).toBeGreaterThan(0);
      for (const build of builds) {
        expect(build).toEqual(
          expect.objectContaining({
            derivation: expect.stringMatching(/^\/gnu\/store\/[0-9a-z]{32}-.*\.drv$/),
            system: expect.stringMatching(/-linux$/),
            timestamp: expect.any(Number),
          }),
        );
      }
    }
  });
});
