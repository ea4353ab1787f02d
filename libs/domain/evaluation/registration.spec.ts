import { describe, expect, it } from '@jest/globals';
import { registrationOrder } from './registration.js';

describe('the order of registration', () => {
  it('puts each derivation after its inputs, and leaves registered ones out', () => {
    const { ordered, cyclic } = registrationOrder([
      { path: 'app', inputs: ['library', 'tool', 'registered'] },
      { path: 'library', inputs: ['tool'] },
      { path: 'tool', inputs: [] },
    ]);
    expect(ordered).toEqual(['tool', 'library', 'app']);
    expect(cyclic).toEqual([]);
  });

  it('names a circle and what needs it, and orders the rest', () => {
    const { ordered, cyclic } = registrationOrder([
      { path: 'egg', inputs: ['hen'] },
      { path: 'hen', inputs: ['egg'] },
      { path: 'omelette', inputs: ['egg'] },
      { path: 'salt', inputs: [] },
    ]);
    expect(ordered).toEqual(['salt']);
    expect(cyclic).toEqual(['egg', 'hen', 'omelette']);
  });

  it('takes a chain of a hundred thousand', () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => ({
      path: String(i),
      inputs: i === 99_999 ? [] : [String(i + 1)],
    }));
    expect(registrationOrder(nodes).ordered[0]).toBe('99999');
  });
});
