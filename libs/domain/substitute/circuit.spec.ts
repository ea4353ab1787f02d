import { describe, expect, it } from '@jest/globals';
import { afterAnswer, afterFault, closedCircuit, mayAsk, trying } from './circuit.js';

describe('a server that fails', () => {
  it('is asked on until the third fault in a row, and then left alone', () => {
    const twice = afterFault(afterFault(closedCircuit, 10), 20);
    expect(mayAsk(twice, 20)).toBe('yes');
    const opened = afterFault(twice, 30);
    expect(mayAsk(opened, 30)).toBe('no');
    expect(opened.failingSince).toBe(10);
    expect(mayAsk(afterFault(afterAnswer(), 40), 40)).toBe('yes');
  });

  it('is tried with one question when it has rested, which decides', () => {
    let circuit = closedCircuit;
    for (const now of [0, 0, 0]) circuit = afterFault(circuit, now);
    const later = circuit.restsUntil!;
    expect(mayAsk(circuit, later)).toBe('try');
    const tried = trying(circuit);
    expect(mayAsk(tried, later)).toBe('no');
    expect(mayAsk(afterAnswer(), later)).toBe('yes');
    expect(afterFault(tried, later).restsUntil).toBeGreaterThan(later + later);
  });

  it('rests no longer for faults of what was asked before it rested', () => {
    let circuit = closedCircuit;
    for (const now of [0, 0, 0]) circuit = afterFault(circuit, now);
    expect(afterFault(circuit, 100)).toBe(circuit);
  });
});
