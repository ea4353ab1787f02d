import { describe, expect, it } from '@jest/globals';
import { Durations, printFamilies } from './exposition.js';

describe('measures for Prometheus', () => {
  it('are printed as its text format has them', () => {
    const text = printFamilies([
      {
        name: 'builds',
        help: 'Builds\nby "state"',
        type: 'gauge',
        samples: [{ labels: { state: 'a "b"\\\n' }, value: 3 }, { value: Infinity }],
      },
    ]);
    expect(text).toBe(
      '# HELP gambeson_builds Builds\\nby "state"\n' +
        '# TYPE gambeson_builds gauge\n' +
        'gambeson_builds{state="a \\"b\\"\\\\\\n"} 3\n' +
        'gambeson_builds +Inf\n',
    );
  });

  it('of durations fall into every bucket that is as long', () => {
    const durations = new Durations('route', [0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 7]) durations.observe('/x', seconds);
    expect(
      durations.samples().map(({ suffix, labels, value }) => [suffix, labels?.['le'], value]),
    ).toEqual([
      ['_bucket', '0.1', 2],
      ['_bucket', '1', 3],
      ['_bucket', '+Inf', 4],
      ['_sum', undefined, 7.65],
      ['_count', undefined, 4],
    ]);
  });
});
