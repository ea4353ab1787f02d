/** Forms that were overtaken. */
import { describe, expect, it } from '@jest/globals';
import { overtaken, seenField, withSeen, type Entries } from './seen.js';

const standing: Entries = [
  ['mode', 'mirror'],
  ['priority', '40'],
];

function sent(...changes: [string, string][]): URLSearchParams {
  const values = new URLSearchParams(withSeen(standing).map(([name, value]) => [name, value]));
  for (const [name, value] of changes) values.set(name, value);
  return values;
}

describe('a form that carries what it was made of', () => {
  it('is not overtaken while that stands, whatever it changes', () => {
    expect(overtaken(sent(['priority', '30']), standing)).toBeNull();
  });

  it('tells what the other changed and what it changes itself', () => {
    const now: Entries = [
      ['mode', 'rely'],
      ['priority', '40'],
      ['private', 'on'],
    ];
    expect(overtaken(sent(['priority', '30']), now)).toEqual({
      theirs: [
        { field: 'mode', before: 'mirror', after: 'rely' },
        { field: 'private', before: '', after: 'on' },
      ],
      yours: [{ field: 'priority', before: '40', after: '30' }],
    });
  });

  it('is overtaken where it does not tell, or tells what is none', () => {
    for (const odd of ['', 'null', '{', '[1]', '"x"']) {
      expect(overtaken(sent([seenField, odd]), standing)?.theirs.length).toBeGreaterThan(0);
    }
  });
});
