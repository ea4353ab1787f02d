import { describe, expect, it } from '@jest/globals';
import type { BuildMessage } from '#protocol/worker.js';
import { AttemptDirectory, type AttemptRequest } from './attempt/attempt-directory.js';
import { AttemptLedger, heldAttempt, type HeldAttempt } from './attempt-ledger.js';
import { ClaimLoop } from './claim-loop.js';
import { refusalOf } from './refusal.js';

function attempt(id: string, slot: number): HeldAttempt {
  const build = { attempt: id, build: id, fence: '0'.repeat(16), slot } as BuildMessage;
  return heldAttempt(new AttemptDirectory(`/nowhere/${id}`), { build } as AttemptRequest);
}

describe('slots', () => {
  it('are free when no attempt holds them, finished ones included', () => {
    const ledger = new AttemptLedger(2);
    expect(ledger.freeSlots()).toEqual([0, 1]);
    const held = attempt('1', 0);
    held.finishedAt = 1;
    ledger.add(held);
    expect(ledger.freeSlots()).toEqual([1]);
    expect(ledger.admits(0)).toBe(false);
    expect(ledger.admits(1)).toBe(true);
  });

  it('that are no more count all the same, so that max-jobs holds', () => {
    const ledger = new AttemptLedger(2);
    ledger.add(attempt('1', 5));
    expect(ledger.freeSlots()).toEqual([0]);
    ledger.add(attempt('2', 7));
    expect(ledger.freeSlots()).toEqual([]);
    expect(ledger.admits(0)).toBe(false);
  });

  it('claim once per conversation, and not at all while the worker holds back', () => {
    const claimed: unknown[] = [];
    let holdsBack = false;
    const send = (message: unknown): void => void claimed.push(message);
    const claims = new ClaimLoop(new AttemptLedger(2), send, () => holdsBack);
    claims.run();
    claims.run();
    claims.answered(0);
    claims.run();
    claims.restart();
    holdsBack = true;
    claims.run();
    expect(claimed).toEqual([
      { type: 'claim', slots: [0, 1] },
      { type: 'claim', slots: [0] },
    ]);
  });
});

describe('a build', () => {
  const worker = {
    systems: ['x86_64-linux'],
    features: [],
    speed: 1,
    backends: ['local'] as const,
  };

  it('for another system or backend is refused as the farm’s fault', () => {
    const refused = (system: string, backend: 'local' | 'nix'): unknown =>
      refusalOf({ system, backend }, worker);
    expect(refused('x86_64-linux', 'local')).toBeNull();
    expect(refused('builtin', 'local')).toBeNull();
    expect(refused('aarch64-linux', 'local')).toMatchObject({ reason: 'unsupported-system' });
    expect(refused('x86_64-linux', 'nix')).toMatchObject({ reason: 'infrastructure' });
  });
});
