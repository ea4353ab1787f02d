/**
 * Must show: what a real guix-daemon, and real clients of it, said is replayed by a daemon of the
 * test's own through the very backend that a worker has. Each ends in the right status, with the
 * right bytes of log.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { faultOf } from '#domain/build/reason.js';
import { drvs, GuixBed, outputsOf, store, type Name } from './guix-bed.js';

let bed: GuixBed;

beforeEach(async () => {
  bed = await GuixBed.start();
});

afterEach(() => bed.stop());

function recorded(file: string): string {
  return readFileSync(`test/fixtures/guix-build/${file}`, 'latin1');
}

/** In pieces of that many bytes, as a daemon may send them. */
function inPieces(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text, 'latin1');
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

describe('a recorded transcript, through the backend', () => {
  const trace = recorded('build-trace.stderr').split(/(?<=\n)/);
  const [ofDep, ofTop] = [trace.slice(0, 5).join(''), trace.slice(5).join('')];

  it.each([1, 10, 4096])(
    'of two builds gives each its own log, in pieces of %d bytes',
    async (size) => {
      bed.daemon.replay = (path) => ({
        said: inPieces(path.endsWith(drvs.dep) ? ofDep : ofTop, size),
        makes: [...outputsOf(path.endsWith(drvs.dep) ? 'dep' : 'top').values()],
        end: 'done',
      });
      const dep = await bed.build('dep');
      expect(dep).toEqual({
        ...{ started: 1, log: 'building dep\n' },
        result: { kind: 'succeeded', outputs: outputsOf('dep'), sandboxed: true },
      });
      const top = await bed.build('top', { inputs: ['dep'] });
      expect(top).toEqual({
        ...{ started: 1, log: 'building top\n' },
        result: { kind: 'succeeded', outputs: outputsOf('top'), sandboxed: true },
      });
      expect([...outputsOf('top').keys()]).toEqual(['doc', 'out']);
    },
  );

  it('in which the daemon builds an input that we have is the fault of the farm', async () => {
    for (const path of outputsOf('dep').values()) bed.daemon.add(path);
    bed.plays({ said: [recorded('build-trace.stderr')], end: 'done' });
    const { result } = await bed.build('top', { inputs: ['dep'] });
    expect(result).toMatchObject({ kind: 'failed', reason: 'input-missing' });
  });

  // NAME: status STATUS: MESSAGE
  const kinds = new Map(
    recorded('failure-kinds.stdout')
      .split('\n')
      .flatMap((line) => {
        const [, name = '', status, message = ''] = /^(\S+): status (\d+): (.*)$/.exec(line) ?? [];
        return status === undefined ? [] : [[name, { status: Number(status), message }] as const];
      }),
  );

  it.each<[Name, string, string, string]>([
    ['fail', 'fail-1', 'builder-failed', ''],
    ['silent', 'silent-1', 'silent', 'timed out after 2 seconds of silence'],
    ['slow', 'slow-1', 'timed-out', 'timed out after 3 seconds'],
    ['noout', 'noout', 'output-missing', ''],
  ])('of the failure of %s is the fault of the package', async (...[name, told, reason, words]) => {
    const end = kinds.get(told)!;
    const said = words === '' ? [] : [`building of \`${store}/${drvs[name]}' ${words}\n`];
    bed.plays({ said, end });
    const { result } = await bed.build(name);
    expect(result).toMatchObject({ kind: 'failed', reason });
    expect(result.kind === 'failed' && faultOf(result.reason)).toBe('package');
  });

  it('of five kinds tells of the one that works, too', async () => {
    expect([...kinds.keys()]).toEqual(['fail-1', 'silent-1', 'slow-1', 'noout']);
    expect(recorded('failure-kinds.stdout')).toMatch(/^ok ok$/m);
    const said = [recorded('failure-kinds.stderr')];
    bed.plays({ said, makes: [...outputsOf('ok').values()], end: 'done' });
    expect(await bed.build('ok')).toMatchObject({ log: '', result: { kind: 'succeeded' } });
  });

  it('of guix build that works has its log', async () => {
    const makes = [...outputsOf('app').values()];
    expect(recorded('guix-build-ok.stdout')).toBe(`${makes[0]}\nrc=0\n`);
    bed.plays({ said: inPieces(recorded('guix-build-ok.stderr'), 11), makes, end: 'done' });
    const app = await bed.build('app');
    expect(app).toMatchObject({ started: 1, log: 'building app\n', result: { kind: 'succeeded' } });
  });

  it('of guix build that fails has its log, and the status of the builder', async () => {
    const message = `build of \`${store}/${drvs.demoFail}' failed`;
    expect(recorded('guix-build-failed.stdout')).toBe('rc=1\n');
    bed.plays({ said: [recorded('guix-build-failed.stderr')], end: { status: 1, message } });
    const failed = await bed.build('demoFail');
    expect(failed).toMatchObject({ started: 1, log: 'failing\n' });
    expect(failed.result).toMatchObject({ kind: 'failed', reason: 'builder-failed', exitCode: 9 });
  });

  it('that is cut in the middle is the fault of the farm', async () => {
    for (const size of [ofDep.indexOf('building dep') + 4, ofDep.length - 3]) {
      bed.plays({ said: [ofDep.slice(0, size)], end: 'cut' });
      await expect(bed.build('dep')).rejects.toMatchObject({ code: 'program-failed' });
    }
  });
});
