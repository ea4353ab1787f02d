import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseBuildQuery, type BuildQuery } from './build-query.js';

const now = Date.parse('2026-11-20T12:00:00Z');
const choice = { any: [], none: [] };
const nothing: BuildQuery = {
  ...{ names: [], specifications: choice, systems: choice, maintainers: choice },
  ...{ statuses: choice, since: null },
};

function read(text: string): BuildQuery {
  const parsed = parseBuildQuery(text, now);
  if (!parsed.ok) throw new Error(`${parsed.error.column}: ${parsed.error.message}`);
  return parsed.value;
}

describe('a query for builds', () => {
  it('of nothing asks for nothing', () => {
    expect(read('  ')).toEqual(nothing);
  });

  it('names properties and names, with "not" before any', () => {
    const text =
      'spec:master system:x86_64-linux status:failed maintainer:ada since:2d -name:rust-* emacs';
    expect(read(text)).toEqual({
      names: [
        { pattern: 'rust-*', not: true },
        { pattern: 'emacs', not: false },
      ],
      specifications: { any: ['master'], none: [] },
      systems: { any: ['x86_64-linux'], none: [] },
      statuses: { any: ['failed'], none: [] },
      maintainers: { any: ['ada'], none: [] },
      since: now - 2 * 86_400_000,
    });
  });

  it('takes commas and a key said again for alternatives', () => {
    const { statuses, systems } = read('status:running,canceled status:broken -system:a,b');
    expect(statuses.any).toEqual([
      ...['submitted', 'started', 'canceled', 'failed', 'failed-dependency', 'failed-other'],
    ]);
    expect(systems).toEqual({ any: [], none: ['a', 'b'] });
  });

  it('holds together what is quoted, and knows a day', () => {
    expect(read('maintainer:"Ada Lovelace" since:2026-11-01')).toMatchObject({
      maintainers: { any: ['Ada Lovelace'] },
      since: Date.parse('2026-11-01T00:00:00Z'),
    });
  });

  it.each([
    ['hello owner:me', 7, 'owner is none of spec, system, status, maintainer, since, name'],
    ['status:borken', 8, 'borken is no status of a build'],
    ['a  since:soon', 10, 'soon is neither a time like 2d nor a day like 2026-11-20'],
    ['-since:2d', 8, 'since cannot be negated'],
    ['spec:', 6, 'spec needs a value'],
    ['x -', 4, 'a minus needs a value'],
    ['x "half', 3, 'a quotation mark has no partner'],
    ['a b c d e f g h i j k l m n o p q r s t u', 41, 'more than 20 terms'],
  ])('"%s" is refused at column %d', (text, column, message) => {
    expect(parseBuildQuery(text, now)).toEqual({ ok: false, error: { column, message } });
  });

  it('is read or refused, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const parsed = parseBuildQuery(text, now);
        if (!parsed.ok) expect(parsed.error.column).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });
});
