import { describe, expect, it } from '@jest/globals';
import { WorkerMessage } from './worker.js';

function reportOf(outputs: number): object {
  const output = { path: 'x', narHash: 'sha256:x', narSize: 1, references: [] };
  return {
    type: 'report',
    attempt: '1',
    fence: '0123456789abcdef',
    logBytes: 0,
    result: {
      kind: 'succeeded',
      outputs: Array.from({ length: outputs }, (_, i) => ({ ...output, name: `out${i}` })),
    },
  };
}

describe('a worker’s report', () => {
  it('may name as many outputs as a derivation has', () => {
    expect(WorkerMessage.safeParse(reportOf(1)).success).toBe(true);
    expect(WorkerMessage.safeParse(reportOf(500)).success).toBe(true);
    expect(WorkerMessage.safeParse(reportOf(0)).success).toBe(false);
  });
});
