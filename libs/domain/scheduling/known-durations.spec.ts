import { describe, expect, it } from '@jest/globals';
import { id, type BuildId } from '../ids.js';
import { DurationHistory } from './duration-history.js';
import { KnownDurations } from './known-durations.js';
import { NodeTable, scheduledCode, succeededCode } from './node-table.js';

const builds = 1000;
const unknownMs = 60_000;
const key = DurationHistory.key('source', 'x86_64-linux');

describe('durations of a name that many builds share', () => {
  it('are told to the others once for all that were learnt, and only to those that live', () => {
    const nodes = new NodeTable();
    const told: number[] = [];
    const durations = new KnownDurations({
      nodes,
      history: new DurationHistory(unknownMs),
      unknownQuantile: 0.9,
      revise: (row, estimate) => {
        told.push(row);
        nodes.estimate[row] = estimate;
      },
    });
    for (let n = 1; n <= builds; n += 1) {
      const row = nodes.rowOf(id<BuildId>(n));
      nodes.status[row] = scheduledCode;
      durations.name(row, key, null);
    }
    for (let row = 0; row < 10; row += 1) {
      nodes.status[row] = succeededCode;
      durations.learn(row, 1000 * 2 ** row);
    }
    expect(told).toEqual([]);

    durations.settle();
    expect(told.length).toBe(builds - 10);
    expect(new Set(told).size).toBe(told.length);
    expect(Math.min(...told)).toBe(10);
    expect(nodes.estimate[builds - 1]).not.toBe(unknownMs);

    durations.settle();
    expect(told.length).toBe(builds - 10);
  });
});
