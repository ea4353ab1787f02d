import { describe, expect, it } from '@jest/globals';
import type { ApplyStep } from '#domain/specification/apply-plan.js';
import { planWords } from './plan-words.js';

const wanted = { name: 'new', priority: 3, trust: undefined } as unknown as Extract<
  ApplyStep,
  { action: 'create' }
>['wanted'];
const steps: ApplyStep[] = [
  { action: 'create', name: 'new', wanted },
  {
    ...{ action: 'change', name: 'old', wanted, from: null },
    differences: [{ field: 'channels.guix.branch', before: 'master', after: undefined }],
  },
  { action: 'archive', name: 'gone' },
  { action: 'refuse', name: 'theirs', keeper: 'repository:theirs' },
  { action: 'keep', name: 'same', wanted },
];

describe('what applying would do', () => {
  it('is told line by line', () => {
    expect(planWords(steps, false)).toBe(
      [
        ...['+ new', '    priority: 3', '~ old (kept from now on)'],
        ...['    channels.guix.branch: "master" → (none)', '- gone'],
        '! theirs is kept by the repository theirs: --adopt takes it over',
        ...['1 without a difference', ''],
      ].join('\n'),
    );
  });

  it('has colours on a terminal', () => {
    const lines = planWords(steps, true).split('\n');
    expect(lines[0]).toBe('\u001b[32m+ new\u001b[0m');
    expect(lines[3]).toBe(
      '    channels.guix.branch: \u001b[31m"master"\u001b[0m → \u001b[32m(none)\u001b[0m',
    );
  });
});
