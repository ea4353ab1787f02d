import { describe, expect, it } from '@jest/globals';
import { packageName, requiredFeatures } from './package-name.js';
import { revisionsText } from './revisions.js';

describe('the package of a derivation', () => {
  it.each([
    ['hello-2.12', 'hello'],
    ['gcc-wrapper-12.2.0', 'gcc-wrapper'],
    ['python3-minimal', 'python3-minimal'],
    ['lib-1.0-2', 'lib'],
    ['source', 'source'],
    ['-1', '-1'],
  ])('%s is %s', (name, expected) => {
    expect(packageName(name, undefined)).toBe(expected);
  });

  it('is what the derivation itself says', () => {
    expect(packageName('hello-2.12', 'greeting')).toBe('greeting');
  });

  it('has its required features sorted, each once', () => {
    expect(requiredFeatures(' kvm  big-parallel kvm ')).toEqual(['big-parallel', 'kvm']);
  });
});

describe('the revisions of an evaluation', () => {
  it('are the same text in whatever order the channels come', () => {
    const one = { channel: 'a', url: 'u', branch: 'main', revision: '1' };
    const two = { channel: 'b', url: 'v', branch: 'main', revision: '2' };
    expect(revisionsText([one, two])).toBe(revisionsText([two, one]));
    expect(revisionsText([one, two])).not.toBe(
      revisionsText([
        { ...one, revision: '2' },
        { ...two, revision: '1' },
      ]),
    );
  });
});
