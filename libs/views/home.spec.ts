import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { healths } from '#domain/evaluation/health.js';
import type { RecentEvaluation } from '#protocol/api/overview.js';
import type { QueueCount } from '#protocol/api/queue.js';
import { SpecificationInput } from '#protocol/specification.js';
import { healthDrawings, healthSentence } from './health.js';
import { homePage, type HomeModel, type SpecificationLine } from './home.js';

const now = new Date('2026-11-20T12:00:00Z');
const at = '2026-11-20T11:00:00.000Z';

function line(name: string, more: { readonly managedBy?: string } = {}): SpecificationLine {
  const recent = healths.map((health, n): RecentEvaluation => {
    return {
      ...{ id: `${n + 1}`, health, startedAt: at },
      ...{ jobs: 9, newFailures: 3, failures: 5, unfinished: 2 },
    };
  });
  const channel = { name: 'main', url: 'https://example.org/x.git', branch: 'main' };
  const specification = {
    ...{ id: '1', name, version: 1, managedBy: null, nextPollAt: at, createdAt: at },
    ...{ updatedAt: at, repository: null, channels: [] },
    specification: SpecificationInput.parse({
      ...{ name, backend: 'nix', channels: [channel], selection: { file: 'release.nix' } },
    }),
    lastEvaluation: { id: '9', status: 'succeeded', jobs: { succeeded: 991, failed: 9 } },
    ...more,
  } as unknown as SpecificationLine['specification'];
  const systems = ['aarch64-linux', 'x86_64-linux'].map((system) => ({
    ...{ system, jobs: 500, succeeded: 495 },
  }));
  return { specification, recent, systems };
}

function home(lines: readonly SpecificationLine[], name = ''): string {
  const queue: QueueCount = {
    ...{ scheduled: 5, submitted: 0, started: 2 },
    ...{ bySystem: [], byPriority: [], byClass: [], byReason: [] },
  };
  const model: HomeModel = {
    ...{ lines, name, running: [], ended: [], queue, workers: [], address: 'http://x', now },
  };
  return homePage(model);
}

describe('the first page', () => {
  it('says in words and shapes how the last evaluations went', () => {
    const html = home([line('demo')]);
    for (const { shape } of Object.values(healthDrawings)) expect(html).toContain(`#${shape}"`);
    expect(html).toContain('Evaluation 4: 3 newly failing');
    expect(html).toContain('Evaluation 5: 5 failing as before');
    expect(html).toContain('99.1 %');
    expect(html).toMatch(/aarch64-linux <span class="number">99.0 %/);
    expect(new Set(healths.map((one) => healthDrawings[one].shape)).size).toBe(healths.length);
  });

  it('says of an evaluation that is just read that nothing of it is known', () => {
    const recent = line('demo').recent[1]!;
    expect(healthSentence({ ...recent, unfinished: 0 })).toBe('just evaluated');
  });

  it('tells an evaluation that failed or goes on without jobs in one line each', () => {
    const told = (status: string): string => {
      const { specification, ...rest } = line('demo');
      const lastEvaluation = {
        ...specification.lastEvaluation!,
        status,
        startedAt: at,
        endedAt: at,
        jobs: {},
      };
      const changed = { ...specification, lastEvaluation } as typeof specification;
      return home([{ ...rest, specification: changed }]);
    };
    expect(told('failed')).toContain('Could not be evaluated<');
    expect(told('started')).toContain('Being evaluated<');
    expect(told('failed') + told('started')).not.toContain('No jobs');
  });

  it('claims no slots for what workers that are gone had begun', () => {
    expect(home([line('demo')])).toContain('>2 building, 5 builds waiting');
  });

  it('folds what requests made, and opens it for who looks for a name', () => {
    const lines = [line('demo'), line('pr-1', { managedBy: 'forge:codeberg' })];
    expect(home(lines)).toMatch(/<details id="requests"><summary>1 pull request</);
    expect(home(lines, 'PR-')).toMatch(/<details id="requests" open/);
    expect(home(lines, 'PR-')).not.toContain('/specifications/demo');
  });

  it('of 200 specifications stays within what a page may weigh', () => {
    const lines = Array.from({ length: 200 }, (_, n) => line(`specification-${n}`));
    const html = home(lines);
    expect(gzipSync(html).length).toBeLessThan(60 * 1024);
    expect(html).toContain('Part of a name');
    expect(html).toContain('/specifications/specification-199');
  });
});
