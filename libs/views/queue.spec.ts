import { describe, expect, it } from '@jest/globals';
import type { QueueAnswer } from '#protocol/api/queue.js';
import { queuePage } from './queue.js';

const now = new Date('2026-11-21T12:00:00Z');
const system = { submitted: 0, started: 0, oldestScheduledAt: null };
const queue: QueueAnswer = {
  ...{ scheduled: 8, submitted: 0, started: 0, byPriority: [], byClass: [], byReason: [] },
  bySystem: [
    { ...system, system: 'riscv64-linux', scheduled: 3 },
    { ...system, system: 'x86_64-linux', scheduled: 5 },
  ],
};
const outlook: NonNullable<QueueAnswer['outlook']> = {
  evaluations: { underWay: 0, items: [] },
  finished: {
    ...{ since: '2026-11-21T11:00:00Z', builds: 1234, perHour: 1234 },
    bySystem: [{ system: 'x86_64-linux', builds: 1234, perHour: 1234 }],
  },
  estimate: {
    ...{ emptyAt: '2026-11-21T15:12:00Z', withoutWorker: 4 },
    bySystem: [
      { system: 'riscv64-linux', emptyAt: null, withoutWorker: 3 },
      { system: 'x86_64-linux', emptyAt: '2026-11-21T15:12:00Z', withoutWorker: 1 },
    ],
  },
};

/** As it is read. */
function wordsOf(html: string): string {
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe('the page of the queue', () => {
  it('says when it is empty, in all and for each system, and how fast it went', () => {
    const words = wordsOf(queuePage({ queue: { ...queue, outlook }, now }));
    expect(words).toContain('Estimated to be empty in 3 h .');
    expect(words).toContain('4 builds without a worker that could build them.');
    expect(words).toContain('1 234 builds finished in the last hour.');
    expect(words).toContain('riscv64-linux 3 0 0 – 0 no worker builds for it now');
    expect(words).toContain('x86_64-linux 5 0 0 – 1 234 in 3 h , but 1 build without a worker');
  });

  it('says of what time it tells where that is less than an hour', () => {
    const finished = { ...outlook.finished!, since: '2026-11-21T11:48:00Z', perHour: 6170 };
    const words = wordsOf(
      queuePage({ queue: { ...queue, outlook: { ...outlook, finished } }, now }),
    );
    expect(words).toContain('1 234 builds finished in the last 12 min, 6 170 an hour.');
  });

  it('makes nothing up of what nobody knows', () => {
    const silent = { ...outlook, finished: null, estimate: null };
    const words = wordsOf(queuePage({ queue: { ...queue, outlook: silent }, now }));
    expect(words).toContain('x86_64-linux 5 0 0 – – not known now');
    expect(words).not.toMatch(/Estimated|NaN|undefined|finished in/);
    expect(wordsOf(queuePage({ queue, now }))).not.toContain('Empty');
  });
});
