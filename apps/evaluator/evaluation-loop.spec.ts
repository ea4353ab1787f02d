import { describe, expect, it } from '@jest/globals';
import type { ShortDisk } from '#application/ports/disk-store.js';
import { eventually } from '#testkit/eventually.js';
import { EvaluationLoop } from './evaluation-loop.js';
import type { EvaluatorParts } from './evaluator-parts.js';

const shortDisk: ShortDisk = {
  ...{ name: 'substituter on one', place: 'the nar store', level: 'soft' },
  ...{ freeBytes: 1, totalBytes: 2, since: new Date(0) },
};

describe('an evaluator', () => {
  it('claims nothing while a disk of the farm is short, and goes on by itself', async () => {
    let short: ShortDisk[] = [shortDisk];
    let looked = 0;
    let claimed = 0;
    const heard: string[] = [];
    const parts = {
      ...{ name: 'spec', tickSeconds: 0.001 },
      bus: { subscribe: async () => async () => undefined },
      disks: { short: async () => ((looked += 1), short) },
      evaluations: { leases: { claim: async () => ((claimed += 1), null) } },
    };
    const hear = (sentence: string): void => void heard.push(sentence);
    const log = { log: hear, warn: hear, error: hear };
    const loop = new EvaluationLoop(parts as unknown as EvaluatorParts, log);
    await loop.start();
    await eventually('it looked thrice', () => looked >= 3);
    expect(claimed).toBe(0);
    short = [];
    await eventually('it claims', () => claimed > 0);
    await loop.stop();
    expect(heard).toEqual([
      'nothing new is evaluated: there is too little room for the nar store',
      'evaluations go on: there is room',
    ]);
  });
});
