import { describe, expect, it } from '@jest/globals';
import { healthOf, type HealthFacts } from './health.js';

const whole: HealthFacts = {
  ...{ status: 'succeeded', canceled: false, unfinished: 0, newFailures: 0, failures: 0 },
};

describe('the health of an evaluation', () => {
  it.each([
    ['succeeded', {}],
    ['reading', { status: 'started', newFailures: 1 }],
    ['unreadable', { status: 'failed', failures: 3 }],
    ['canceled', { status: 'aborted' }],
    ['canceled', { canceled: true, unfinished: 4 }],
    ['newly-failing', { newFailures: 1, failures: 9, unfinished: 5 }],
    ['building', { failures: 9, unfinished: 5 }],
    ['still-failing', { failures: 9 }],
  ] as const)('is %s when %j', (health, facts) => {
    expect(healthOf({ ...whole, ...facts })).toBe(health);
  });
});
