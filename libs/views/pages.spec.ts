import { describe, expect, it } from '@jest/globals';
import type { BuildAnswer } from '#protocol/api/build.js';
import { SpecificationInput } from '#protocol/specification.js';
import { scriptAddress } from './assets.js';
import { buildPage } from './build.js';
import { evaluationPage } from './evaluation.js';
import { homePage } from './home.js';
import { emptyTail } from './log-view.js';
import { problemPage } from './problem.js';
import { specificationPage } from './specification.js';
import { drawings, jobOrder, shapes } from './statuses.js';
import { workersPage } from './workers.js';

const now = new Date('2026-11-20T12:00:00Z');
const hostile = '"><img src=x onerror=alert(1)>';

const build: BuildAnswer = {
  id: '7',
  name: hostile,
  system: 'x86_64-linux',
  status: 'scheduled',
  reason: null,
  scheduledAt: '2026-11-20T11:00:00.000Z',
  startedAt: null,
  endedAt: null,
  store: { slug: 'nix', dir: '/nix/store' },
  derivation: `/nix/store/${hostile}`,
  packageName: hostile,
  requiredFeatures: [hostile],
  sentence: null,
  message: hostile,
  wait: {
    reason: 'backing-off',
    sentence: 'It waits.',
    until: '2026-11-20T12:10:00.000Z',
    position: 3,
    inputs: [],
  },
  estimate: { startsAt: '2026-11-20T12:20:00.000Z', endsAt: null },
  failedInput: null,
  priority: 9,
  limits: { timeoutSeconds: 60, maxSilentSeconds: 60 },
  attempts: [],
  nondeterministic: false,
  outputs: [],
  products: [],
  inputs: { total: 0, items: [] },
  dependents: { total: 0, items: [] },
  jobs: [{ evaluation: '1', specification: 'demo', name: hostile }],
  log: '/api/v1/builds/7/log',
};

const attempt = {
  ...{ id: '9', number: 1, worker: { id: '1', name: 'one' }, slot: 0, status: 'failed' as const },
  ...{ reason: 'builder-failed', message: null, exitCode: 1, createdAt: build.scheduledAt },
  ...{ startedAt: null, endedAt: null, logBytes: 70, log: '/api/v1/builds/7/log?attempt=1' },
};

const source = { address: 'http://127.0.0.1:3000', publicKey: null, storeSlug: 'nix' };

const surroundings = {
  history: {
    ...{ lastSuccess: null, firstFailure: null, lastFailure: null, firstSuccess: null },
    ...{ changes: [], builds: [] },
  },
  closures: [],
};

describe('a page', () => {
  it('never draws markup that came from outside', () => {
    const html = buildPage({ build, log: emptyTail, recipe: null, source, ...surroundings, now });
    expect(html).not.toContain('<img');
    expect(html).not.toContain(hostile);
    const errors = [{ parameter: 'from', detail: hostile }];
    const problem = problemPage({ status: 400, detail: hostile, errors });
    expect(problem).not.toContain('<img');
    expect(problem).toContain('<code>from</code>');
  });

  it('of a build that waits says why, until when, and streams once it begins', () => {
    const html = buildPage({ build, log: emptyTail, recipe: null, source, ...surroundings, now });
    expect(html).toContain('Why it waits:');
    expect(html).toContain('in 10 min');
    const late = { recipe: null, source, ...surroundings, now: new Date('2026-11-20T12:11:00Z') };
    expect(buildPage({ build, log: emptyTail, ...late })).toMatch(
      /Next attempt <time[^>]* data-coming[^>]*>any moment/,
    );
    expect(html).toContain('It is number 3');
    expect(html).toMatch(/Expected to start <time[^>]*>in 20 min/);
    expect(html).toContain('data-stream="/api/v1/builds/7/log/stream?format=spans"');
    expect(html).toContain('It is written when a worker begins.');
    expect(html).toMatch(/<dt>Scheduled<\/dt><dd><time datetime="[^"]+" data-clock/);
  });

  it('of a build that is over says why there is no log', () => {
    const told = (attempts: BuildAnswer['attempts']): string => {
      const over = { ...build, status: 'failed' as const, attempts };
      const more = { log: emptyTail, recipe: null, source, ...surroundings, now };
      return buildPage({ ...more, build: over });
    };
    expect(told([])).toContain('No worker began it: there is no log.');
    expect(told([attempt])).toContain('Its log was removed');
    expect(told([{ ...attempt, logBytes: 0 }])).toContain('The log is empty.');
  });

  it('shows of names and messages what one can read, and scrolls the rest by keys', () => {
    const long = {
      ...build,
      name: 'a'.repeat(10_000),
      message: 'In ice-9/boot-9.scm:\n'.repeat(99),
    };
    const surrounded = { log: emptyTail, recipe: null, source, ...surroundings, now };
    const html = buildPage({ ...surrounded, build: long });
    expect(html).not.toContain('a'.repeat(201));
    expect(html).toContain('<pre class="fault" tabindex="0">In ice-9');
    expect(buildPage({ ...surrounded, build })).toContain('<pre class="fault">');
  });

  it('of an evaluation that a newer one took the place of says so first', () => {
    const at = '2026-11-20T11:00:00.000Z';
    const html = evaluationPage({
      evaluation: {
        ...{ id: '3', specification: { id: '1', name: 'demo' }, specificationVersion: 1, try: 1 },
        ...{ trigger: 'poll', status: 'succeeded', reason: null, message: null, startedAt: at },
        ...{ endedAt: at, canceledAt: at, cancelReason: 'superseded', prunedAt: null },
        ...{ checkouts: [], jobCount: 2, errorCount: 0, derivationCount: 2, newBuildCount: 2 },
        ...{ jobs: { succeeded: 1, canceled: 1 }, estimate: null },
      },
      compared: 'reading',
      before: [],
      log: emptyTail,
      now,
    });
    expect(html).toContain('<p class="lead">Superseded. 1 of 2 succeeded, 1 canceled</p>');
    expect(html).toMatch(/A newer evaluation took its place <time[^>]*>1 h ago/);
  });

  it('of a specification tells a fetch error above the table, where a narrow screen has it', () => {
    const at = '2026-11-20T11:00:00.000Z';
    const channel = { name: 'main', url: 'https://example.org/x.git', branch: 'main' };
    const error = { code: 'fetch-failed', message: 'it is gone', since: at, failures: 2 };
    const html = specificationPage({
      specification: {
        ...{ id: '1', name: 'demo', version: 1, nextPollAt: at, createdAt: at, updatedAt: at },
        specification: SpecificationInput.parse({
          ...{ name: 'demo', backend: 'nix', channels: [channel] },
          selection: { file: 'release.nix' },
        }),
        channels: [
          { ...channel, revision: null, fetchedAt: null, error, rewound: null, via: null },
        ],
        managedBy: 'repository:farm',
        repository: {
          ...{ name: 'farm', url: 'https://example.org/farm.git', branch: 'main', adopt: false },
          ...{ files: ['farm.scm'], credential: null, periodSeconds: 0, nextLookAt: at },
          ...{ lookedAt: at, revision: 'a'.repeat(40), appliedRevision: null, appliedAt: null },
          faults: [{ file: 'farm.scm', line: 3, column: 8, message: 'no <field>' }],
          failure: null,
        },
        lastEvaluation: null,
      },
      evaluations: { items: [], next: null },
      ...{ before: null, changes: new Map(), trend: { percent: 95, good: null, points: [] } },
      now,
    });
    expect(html).toContain('Kept by the repository farm: change it there.');
    expect(html).toContain('farm.scm:3:8: no &lt;field');
    expect(html.indexOf('it is gone')).toBeGreaterThan(0);
    expect(html.indexOf('it is gone')).toBeLessThan(html.indexOf('<table'));
  });

  it('has no inline script or style, which the policy would refuse', () => {
    const html = homePage({
      lines: [],
      name: '',
      running: [],
      ended: [],
      queue: {
        scheduled: 0,
        submitted: 0,
        started: 0,
        bySystem: [],
        byClass: [],
        byReason: [],
        byPriority: [],
      },
      workers: [],
      address: 'http://127.0.0.1:8081',
      now,
    });
    expect(html.match(/<script[^>]*>[^<]/)).toBeNull();
    expect(html).toContain(`<script type="module" src="${scriptAddress('shell')}"></script>`);
    expect(html).not.toMatch(/<style|\sstyle=/);
    expect(html).toContain('A specification says what to build');
    expect(workersPage({ workers: [], address: 'http://x', now })).toContain('workers/tokens');
  });
});

describe('a status', () => {
  it('has a shape, and no two of one colour share theirs among the statuses of a job', () => {
    const drawn = jobOrder.map((status) => `${drawings[status].tone} ${drawings[status].shape}`);
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(new Set(jobOrder.map((status) => drawings[status].shape)).size).toBe(jobOrder.length);
    for (const { shape } of Object.values(drawings)) expect(shapes[shape]).toMatch(/^M/);
  });
});
