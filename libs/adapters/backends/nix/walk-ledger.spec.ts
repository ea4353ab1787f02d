import { describe, expect, it } from '@jest/globals';
import { WalkLedger, type ProcessEnd } from './walk-ledger.js';

const drv = '/nix/store/mdbmkg0l4dmjg7n5jkich0yrj70dxihk-ok.drv';
const crashed: ProcessEnd = { ok: false, outOfMemory: false, words: 'it broke' };
const full: ProcessEnd = { ok: false, outOfMemory: true, words: 'too much' };

function ledger(...events: object[]): WalkLedger {
  const made = new WalkLedger('/nix/store');
  made.processStarts();
  for (const event of events) made.take(JSON.stringify(event));
  return made;
}

const job = { job: 'a', system: 'x86_64-linux', derivation: drv, outputs: {}, meta: {} };

describe('the ledger of a walk', () => {
  it('blames the job that was being evaluated and goes on without it', () => {
    const walk = ledger({ begun: 'a' }, job, { begun: 'b' });
    const event = { kind: 'job-error', name: 'b', message: 'it broke' };
    expect(walk.processEnds(crashed)).toEqual({ kind: 'again', event });
    expect(Object.keys(walk.done)).toEqual(['a', 'b']);
  });

  it('stops when the channel breaks before any job', () => {
    expect(ledger().processEnds(crashed)).toMatchObject({ kind: 'stop', words: 'it broke' });
  });

  it('gives a job a process of its own before it is blamed for the memory', () => {
    const walk = ledger({ begun: 'a' }, job, { begun: 'b' });
    expect(walk.processEnds(full)).toEqual({ kind: 'again', event: null });
    walk.processStarts();
    walk.take(JSON.stringify({ begun: 'b' }));
    expect(walk.processEnds(full)).toMatchObject({ event: { kind: 'job-error', name: 'b' } });
  });

  it('gives up after three jobs that each fill the memory', () => {
    const walk = ledger();
    const kinds = ['a', 'b', 'c'].map((name) => {
      walk.processStarts();
      walk.take(JSON.stringify({ begun: name }));
      return walk.processEnds(full).kind;
    });
    expect(kinds).toEqual(['again', 'again', 'stop']);
  });

  it('blames no job for a set that it has left', () => {
    const walk = ledger({ begun: 'a' }, job, { begun: 'set' }, { opened: 'set' });
    expect(walk.processEnds(crashed)).toEqual({ kind: 'again', event: null });
  });

  it('refuses a derivation outside of the store', () => {
    const walk = ledger();
    const event = walk.take(JSON.stringify({ ...job, derivation: '/etc/x.drv' }));
    expect(event).toMatchObject({ kind: 'job-error', name: 'a' });
  });

  it('finds jobs named like the properties of objects', () => {
    const walk = ledger({ begun: '__proto__' }, { caught: '__proto__' }, { caught: 'constructor' });
    expect(walk.caught).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(walk.done)).toBe('{"__proto__":true,"constructor":true}');
  });
});
