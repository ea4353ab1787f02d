import { describe, expect, it } from '@jest/globals';
import { canBuild, workerClassName } from './worker-class.js';

const worker = { systems: ['x86_64-linux', 'i686-linux'], features: ['kvm'], speed: 1 };

describe('a worker class', () => {
  it('is one for workers that can build the same, in whatever order they say it', () => {
    const turned = { systems: ['i686-linux', 'x86_64-linux'], features: ['kvm'], speed: 1 };
    expect(workerClassName(turned)).toBe(workerClassName(worker));
    expect(workerClassName({ ...worker, speed: 2 })).not.toBe(workerClassName(worker));
    expect(workerClassName({ ...worker, features: [] })).not.toBe(workerClassName(worker));
  });

  it('builds what its systems and features allow', () => {
    expect(canBuild(worker, { system: 'i686-linux', requiredFeatures: [] })).toBe(true);
    expect(canBuild(worker, { system: 'builtin', requiredFeatures: ['kvm'] })).toBe(true);
    expect(canBuild(worker, { system: 'aarch64-linux', requiredFeatures: [] })).toBe(false);
    expect(canBuild(worker, { system: 'i686-linux', requiredFeatures: ['big-parallel'] })).toBe(
      false,
    );
  });
});
