import { describe, expect, it } from '@jest/globals';
import { RequestParameters, wholeNumber } from './request-parameters.js';

const read = (query: string): RequestParameters => new RequestParameters({ url: `/x?${query}` });

describe('parameters as Cuirass reads them', () => {
  it('count with exactly one sign, and the last of equal keys wins', () => {
    const parameters = read('a=1&b&c=&d=x=y&a=2&=z');
    expect(parameters.text('a')).toBe('2');
    expect(parameters.text('b')).toBeUndefined();
    expect(parameters.text('c')).toBe('');
    expect(parameters.text('d')).toBeUndefined();
    expect(new RequestParameters({ url: '/x' }).text('a')).toBeUndefined();
  });

  it('are decoded, also where a comma is meant', () => {
    const parameters = read('job=libstdc%2B%2B.x86_64-linux&raw=a+b&names=a%2Cb,c&bad=%zz');
    expect(parameters.text('job')).toBe('libstdc++.x86_64-linux');
    expect(parameters.text('raw')).toBe('a+b');
    expect(parameters.list('names')).toEqual(['a,b', 'c']);
    expect(parameters.list('absent')).toBeUndefined();
    expect(parameters.text('bad')).toBe('%zz');
    expect(read('a=x%00y').text('a')).toBe('xy');
  });

  it.each([
    ['10', 10],
    ['0', 0],
    ['', null],
    ['-1', null],
    ['1.5', null],
    ['1e3', null],
    ['ten', null],
    ['9'.repeat(16), null],
  ])('%j is a number: %j', (text, number) => {
    expect(wholeNumber(text)).toBe(number);
    expect(read(`nr=${text}`).number('nr')).toBe(number ?? undefined);
  });
});
