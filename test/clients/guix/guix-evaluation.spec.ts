/**
 * Our programs in Scheme under the real Guile, in the sandbox, driven by the evaluator. The Guix
 * around them is a stand-in written for this test (fake/), which answers what Guix once answered.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { EvaluatedJob, EvaluationEvent } from '#application/ports/backend.js';
import { demo, FakeGuix, profile, type GuixStory } from './fake-guix.js';

// Real programs on a machine that may be busy.
jest.setTimeout(60_000);

let guix: FakeGuix;

beforeAll(async () => {
  guix = await FakeGuix.make();
});

afterAll(async () => {
  await rm(guix.directory, { recursive: true, force: true });
});

interface Heard {
  readonly jobs: EvaluatedJob[];
  readonly errors: [string, string][];
  readonly built: string[];
  readonly log: string;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

async function hear(story: GuixStory): Promise<Heard> {
  const events: EvaluationEvent[] = [];
  let fault: Heard['fault'] = null;
  try {
    for await (const event of guix.backend.evaluate(await guix.request(story), never)) {
      events.push(event);
    }
  } catch (thrown) {
    if (!(thrown instanceof FarmFault)) throw thrown;
    fault = { code: thrown.code, message: thrown.message };
  }
  const log = events.filter((event) => event.kind === 'log').map((event) => event.bytes);
  return {
    jobs: events.filter((event) => event.kind === 'job'),
    errors: events
      .filter((event) => event.kind === 'job-error')
      .map((event) => [event.name, event.message]),
    built: events.filter((event) => event.kind === 'built').flatMap((event) => event.paths),
    log: Buffer.concat(log).toString('utf8'),
    fault,
  };
}

const names = (heard: Heard): string[] => heard.jobs.map((job) => job.name);

/** A procedure that answers jobs for what its body makes of packages. */
function jobs(body: string): string {
  return `(use-modules (gnu ci) (guix packages) (guix diagnostics) (srfi srfi-1))
    (define good (package "good" '(derivation . "${demo.app}")))
    (define other (package "other" '(derivation . "${demo.lib}")))
    (define (broken name words) (package name (cons 'fault words)))
    (lambda (store subset system directory) ${body})`;
}

describe('reading channels with guix', () => {
  it('tells what (gnu ci) once answered, job by job', async () => {
    const heard = await hear({});
    expect(heard.fault).toBeNull();
    expect(heard.jobs).toEqual(
      [
        ['demo-app-1.0', demo.app, 'r2h6v8kxjqqgsc34zhnz0apq56nhvig9-demo-app-1.0'],
        ['demo-lib-1.0', demo.lib, 'w7k0hb2fijr3mjw5h4nf25m4zhxm51ly-demo-lib-1.0'],
        ['demo-fail-1.0', demo.fail, 'f0nl536lfh55i4nhpblf8vfajfbp4qxh-demo-fail-1.0'],
      ].map(([name, derivation, output]) => ({
        ...{ kind: 'job', name, derivation, system: 'x86_64-linux', meta: {} },
        outputs: new Map([['out', `/gnu/store/${output}`]]),
        limits: { timeoutSeconds: 18_000, maxSilentSeconds: 3600 },
      })),
    );
    expect(heard.log).toContain('Updating channel');
    expect(heard.log).toContain("evaluating for 'x86_64-linux' (heap size: 490.0 MiB)");
    expect(heard.built).toContain(profile);
    const bytes = await guix.backend.derivation(demo.app);
    expect(Buffer.from(bytes).toString()).toMatch(/^Derive\(/);
  });

  it('tells a package that cannot be lowered as a fault of its own', async () => {
    const heard = await hear({
      selection: { set: 'all' },
      jobs: jobs(`(display "noise") (filter-map (lambda (p) (package->job store p system))
        (list good (broken "bad" "bad: invalid input label") other
              (package "odd" (cons 'fault (lambda () (vector-ref (vector) 1))))
              (package "left" (cons 'inputs (lambda () (leave "no input ~a" "zlib"))))))`),
    });
    expect(heard.fault).toBeNull();
    expect(names(heard)).toEqual(['good.x86_64-linux', 'other.x86_64-linux']);
    expect(heard.errors.map(([name]) => name).sort()).toEqual([
      'bad.x86_64-linux',
      'left.x86_64-linux',
      'odd.x86_64-linux',
    ]);
    const words = new Map(heard.errors);
    expect(words.get('bad.x86_64-linux')).toBe('guix repl: error: bad: invalid input label');
    expect(words.get('left.x86_64-linux')).toBe('guix repl: error: no input zlib');
    expect(words.get('odd.x86_64-linux')).toMatch(/out of range/);
    expect(heard.log).toContain('noise');
  });

  it('names the fault of a package as (gnu ci) would have named its job', async () => {
    const heard = await hear({
      selection: { set: 'core' },
      jobs: jobs(`(list (base-job store (broken "gcc" "no gcc") system))`),
    });
    expect(heard.errors).toEqual([['base.gcc.x86_64-linux', 'guix repl: error: no gcc']]);
    expect(heard.jobs).toEqual([]);
  });

  it('asks for each named package alone, so that an unknown one keeps no other back', async () => {
    const heard = await hear({
      selection: { packages: ['good', 'nonsense'] },
      jobs: jobs(`(if (string=? (second subset) "good")
        (list (package->job store good system))
        (leave "~a: unknown package" (second subset)))`),
    });
    expect(heard.fault).toBeNull();
    expect(names(heard)).toEqual(['good.x86_64-linux']);
    expect(heard.errors).toEqual([
      ['nonsense.x86_64-linux', 'guix repl: error: nonsense: unknown package'],
    ]);
  });

  it.each([
    [{ set: 'hello' } as const, 'hello'],
    [{ channels: ['demo'] } as const, '(channels demo)'],
    [{ manifests: ['a b.scm'] } as const, '(manifests "a b.scm")'],
    [{ custom: ['my-channel ci'] } as const, '(custom (my-channel ci))'],
  ])('shows (gnu ci) the selection %j as it knows it', async (selection, written) => {
    const heard = await hear({
      selection,
      files: { 'demo/a b.scm': '' },
      jobs: jobs(`(write subset) (newline) (write (directory 'demo)) '()`),
    });
    expect(heard.fault).toBeNull();
    expect(heard.log).toContain(`${written}\n"/checkouts/demo"`);
  });

  it('says which manifest no channel has, before Guix stumbles over it', async () => {
    const some = await hear({ selection: { manifests: ['nowhere.scm', 'demo-manifest.scm'] } });
    expect([names(some).length, some.errors]).toEqual([
      3,
      [['nowhere.scm', 'no channel has the manifest nowhere.scm']],
    ]);
    const none = await hear({ selection: { manifests: ['nowhere.scm'] } });
    expect(none.fault?.message).toMatch(/^no channel has any of the manifests/);
  });

  it('reads every system, and fails for the one that cannot be read', async () => {
    const heard = await hear({
      selection: { set: 'images' },
      systems: ['x86_64-linux', 'aarch64-linux'],
      jobs: jobs(`(if (string=? system "aarch64-linux")
        (leave "no images for ~a" system)
        (list (package->job store good system)))`),
    });
    expect(names(heard)).toEqual(['good.x86_64-linux']);
    expect(heard.fault).toMatchObject({
      code: 'evaluator-failed',
      message: 'guix repl: error: no images for aarch64-linux',
    });
  });

  it('ends with the words of Guix when a channel does not authenticate', async () => {
    const signer = 'A'.repeat(40);
    const introduction = { commit: 'd'.repeat(40), fingerprint: signer };
    const heard = await hear({ introduction, jobs: '(car (error "this code was run"))' });
    expect(heard.fault).toMatchObject({ code: 'evaluator-failed' });
    expect(heard.fault?.message).toMatch(
      /^guix time-machine: error: initial commit c+\d* of channel 'guix' is not signed by an/,
    );
    expect(heard.log).not.toContain('this code was run');
    expect(heard.jobs).toEqual([]);
  });

  it('says so when it is ended in the middle, and keeps what was told', async () => {
    const heard = await hear({
      selection: { packages: ['good', 'evil'] },
      jobs: jobs(`(if (string=? (second subset) "good")
        (list (package->job store good system))
        (kill (getpid) SIGKILL))`),
    });
    expect(names(heard)).toEqual(['good.x86_64-linux']);
    expect(heard.fault).toMatchObject({ code: 'evaluator-failed' });
    // A program that ends itself in good order has not told all either.
    const silent = await hear({ jobs: jobs('(primitive-_exit 0)') });
    expect(silent.fault?.message).toMatch(/ended before all was told/);
  });

  it('bounds the memory, the time and the length of a line', async () => {
    const limits = { timeoutSeconds: 60, memoryBytes: 300 * 2 ** 20 };
    const eater = jobs('(let loop ((l 0)) (loop (cons (make-string 1000000 #\\x) (list l))))');
    const hungry = await hear({ jobs: eater, limits });
    expect(hungry.fault).toMatchObject({ code: 'evaluation-out-of-memory' });
    const sleeper = jobs('(let loop () (sleep 1) (loop))');
    const slow = await hear({
      jobs: sleeper,
      limits: { ...limits, timeoutSeconds: 1 },
    });
    expect(slow.fault).toMatchObject({ code: 'evaluation-timed-out' });
    const port = "(module-ref (resolve-module '(guile-user)) 'events)";
    const endless = jobs(`(let loop () (display (make-string 65536 #\\x) ${port}) (loop))`);
    const long = await hear({ jobs: endless, limits });
    expect(long.fault?.message).toMatch(/printed a line without end/);
  });

  it('takes bytes that are no text for what they are', async () => {
    const heard = await hear({
      jobs: jobs(`(use-modules (ice-9 binary-ports) (ice-9 rdelim))
        (put-bytevector (fdopen 2 "w0") #vu8(#xff #xfe 10))
        (write-line (list 'wide "λ"))
        (list (package->job store (package "näme \\"x\\\\" '(derivation . "${demo.app}")) system)
              '((#:job-name . "a\\nb") (#:derivation . "${demo.app}") (#:system . "x86_64-linux"))
              '((#:job-name . "outside") (#:derivation . "/etc/passwd") (#:system . "x"))
              'nonsense)`),
    });
    expect(heard.fault).toBeNull();
    expect(names(heard)).toEqual(['näme "x\\.x86_64-linux']);
    expect(heard.errors.map(([name]) => name)).toEqual(['?', 'outside', 'demo-manifest.scm']);
    expect(heard.log).toContain('(wide λ)');
  });

  it('tells when the daemon does not answer, which is nobody’s derivation', async () => {
    const heard = await hear({ files: { 'guix/no-daemon': '' } });
    expect(heard.fault).toMatchObject({ code: 'program-failed' });
    expect(heard.fault?.message).toMatch(/^the Guix daemon does not answer: /);
  });

  it('sees neither the network, nor the farm, nor what others keep', async () => {
    const heard = await hear({
      jobs: jobs(`(for-each (lambda (path) (write (list path (file-exists? path))))
          '("/etc/passwd" "/root" "${guix.directory}/evaluator/caches"
            "${guix.directory}/evaluator/clones" "${guix.directory}/evaluator/profiles"))
        (write (false-if-exception (connect (socket PF_INET SOCK_STREAM 0)
                                            AF_INET (inet-pton AF_INET "192.0.2.1") 80)))
        (write (false-if-exception (call-with-output-file "/gnu/store/x" newline)))
        (newline) '()`),
    });
    expect(heard.fault).toBeNull();
    expect(heard.log).not.toContain('#t');
    expect(heard.log).toContain('("/etc/passwd" #f)');
  });
});

describe('the profile of channels', () => {
  it('is made once for the same commits, and offered each time with its closure', async () => {
    const request = await guix.request({});
    const run = async (): Promise<[string, string[]]> => {
      let log = '';
      let built: readonly string[] = [];
      for await (const event of guix.backend.evaluate(request, never)) {
        if (event.kind === 'log') log += Buffer.from(event.bytes).toString();
        if (event.kind === 'built') built = event.paths;
      }
      return [log, [...built]];
    };
    const [first, built] = await run();
    const [second, again] = await run();
    expect(first).toContain('Updating channel');
    expect(second).not.toContain('Updating channel');
    expect(built).toHaveLength(2);
    expect(again).toEqual(built);
    const info = await guix.backend.pathInfo(profile);
    expect(info.references).toEqual(built.slice(1).filter((path) => path !== profile));
    expect(info.ca).toBeNull();
  });
});

describe('a selection of packs', () => {
  it('is a job for each format and system, or the fault of one', async () => {
    const packs = { manifest: 'pack.scm', formats: ['docker', 'tarball'] as const };
    const good = await hear({ selection: { packs }, files: { 'demo/pack.scm': '(manifest)' } });
    expect(good.fault).toBeNull();
    expect(good.jobs.map(({ name, derivation }) => [name, derivation]).sort()).toEqual([
      ['pack.docker.x86_64-linux', demo.app],
      ['pack.tarball.x86_64-linux', demo.app],
    ]);
    const bad = await hear({ selection: { packs }, files: { 'demo/pack.scm': 'broken' } });
    expect(bad.errors.map(([, words]) => words)).toEqual(
      Array.from({ length: 2 }, () => 'guix pack: error: demo/pack.scm: unknown package'),
    );
  });
});
