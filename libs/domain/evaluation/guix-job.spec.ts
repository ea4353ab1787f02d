import { describe, expect, it } from '@jest/globals';
import { readScheme } from '#formats/scheme.js';
import { jobExpression, packageArguments } from './guix-job.js';

const system = 'x86_64-linux';

function wordsOf(name: string, made: string): string[] | null {
  const derivation = `/gnu/store/69s18zd520qdxwr5qn0p82qbpp72byxs-${made}.drv`;
  return packageArguments({ name, system, derivation });
}

describe('the arguments of guix build', () => {
  it.each([
    ['hello.x86_64-linux', 'hello-2.12.1', ['hello@2.12.1']],
    ['python-3.x86_64-linux', 'python-3-3.11', ['python-3@3.11']],
    ['node.js.x86_64-linux', 'node.js-1.0', ['node.js@1.0']],
    ['blas.x86_64-linux.skylake', 'blas-3.9', ['--tune=skylake', 'blas@3.9']],
    [
      'aarch64-linux-gnu.hello.x86_64-linux',
      'hello-2.12',
      ['--target=aarch64-linux-gnu', 'hello@2.12'],
    ],
    // Hidden packages, images, entries of manifests, and packages of another name.
    ['base.bash.x86_64-linux', 'bash-5.1', null],
    ['iso9660-image.x86_64-linux', 'image.iso', null],
    ['hello-2.12', 'hello-2.12', null],
    ['guix.x86_64-linux', 'profile', null],
    ['x86_64-linux', 'x', null],
  ])('of the job %s are known', (name, made, words) => {
    expect(wordsOf(name, made)).toEqual(words);
  });
});

describe('the expression for any other job', () => {
  it('is Scheme, whatever names hold', () => {
    const url = 'https://example.org/x.git';
    const checkout = { channel: "o'dd)", url, branch: 'a"b', revision: 'f'.repeat(40) };
    const text = jobExpression(
      { name: 'a"\\b', system, derivation: '' },
      { selection: { custom: ['my-channel ci'] }, checkouts: [checkout] },
    );
    const { data, faults } = readScheme(text);
    expect([data.length, faults]).toEqual([1, []]);
  });
});
