import { describe, expect, it } from '@jest/globals';
import { takesGzip, takesType } from './accepted.js';

describe('a client that takes JSON', () => {
  it.each([
    undefined,
    '',
    '*/*',
    '*',
    'application/*',
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/html, image/gif, *; q=.2, */*; q=.2',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/json;q=0.001',
    'application/json;q=high',
    'nonsense',
    ['text/plain', 'application/json'],
  ])('says %j', (header) => {
    expect(takesType(header, ['application/json'])).toBe(true);
  });
});

describe('a client that takes no JSON', () => {
  it.each([
    'image/x',
    'text/*',
    'application/problem+json',
    'application/json;q=0',
    'application/json;q=0.000, */*',
    'application/*;q=0, */*;q=0.5',
    '*/*;q=0',
    '*;q=0',
  ])('says %j', (header) => {
    expect(takesType(header, ['application/json'])).toBe(false);
  });
});

describe('packing', () => {
  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['*', true],
    ['X-GZIP', true],
    ['gzip;q=0.5, *;q=0', true],
    ['br, *;q=0.1', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000, *', false],
    ['gzip; Q=0', false],
    ['*;q=0', false],
    ['identity;q=1, *;q=0', false],
    ['identity, gzip;q=0.5', false],
    ['br', false],
    ['', false],
    [undefined, false],
  ])('is welcome to %j: %j', (header, welcome) => {
    expect(takesGzip(header)).toBe(welcome);
  });
});
