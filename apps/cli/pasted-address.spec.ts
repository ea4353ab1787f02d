/** Addresses as people copy them from a browser, a mail or another tool. */
import { describe, expect, it } from '@jest/globals';
import { readAddress } from './pasted-address.js';

const farm = 'https://ci.example.org';
const addresses: readonly [string, string, string, string?][] = [
  ['/evaluations/12', 'evaluation', '12'],
  ['/evaluations/12?compare=9#failing', 'evaluation', '12'],
  ['/api/v1/evaluations/12/jobs?limit=5', 'evaluation', '12'],
  ['/eval/12', 'evaluation', '12'],
  ['/eval/12/dashboard', 'evaluation', '12'],
  ['/eval/latest?spec=master', 'specification', 'master'],
  ['/builds/7', 'build', '7'],
  ['/builds/7/log?attempt=3#L120-L135', 'build', '7', '3'],
  ['/build/7/details', 'build', '7'],
  ['/build/7/log/raw', 'build', '7'],
  ['/admin/builds/7', 'build', '7'],
  ['/specifications/guix-master', 'specification', 'guix-master'],
  ['/jobset/a%2Bb', 'specification', 'a+b'],
  ['/machine/one', 'worker', 'one'],
  ['/workers/3', 'worker', '3'],
  [`/commits/${'a'.repeat(40)}`, 'commit', 'a'.repeat(40)],
];

describe('a pasted address', () => {
  it.each(addresses.map((one) => [one]))('%j names a thing', ([path, kind, value, attempt]) => {
    const named = attempt === undefined ? { kind, value } : { kind, value, attempt };
    expect(readAddress(farm + path)).toEqual({ base: farm, named });
  });

  it('tells where a farm below a path is', () => {
    const pasted = readAddress('http://127.0.0.1:8081/farm/build/7/details');
    expect(pasted).toEqual({
      base: 'http://127.0.0.1:8081/farm',
      named: { kind: 'build', value: '7' },
    });
  });

  it.each(['12', 'guix-master', '/build/7', farm, `${farm}/queue`, 'ftp://x/build/7', 'https://'])(
    '%j is none',
    (text) => {
      expect(readAddress(text)).toBeNull();
    },
  );
});
