import { describe, expect, it } from '@jest/globals';
import { differ } from '#domain/evaluation-difference/difference.js';
import { jobMap, statusLetters } from '#domain/evaluation-difference/job-map.js';
import { GrowingColumns } from '#domain/evaluation-difference/job-columns.js';
import { sheetOf } from '#domain/evaluation-difference/job-sheet.js';
import { emptyWords } from '#domain/evaluation-difference/job-words.js';
import { statusCode } from '#domain/evaluation-difference/standing.js';
import { fitting, namesOf, placesOf } from './map-data.js';

const told = [
  ['python-numpy', 'a-linux', 'succeeded'],
  ['python-numpy', 'b-linux', 'failed'],
  ['python', 'b-linux', 'succeeded'],
  ['gcc', 'a-linux', 'started'],
  ['é-zażółć', 'a-linux', 'error'],
  ['gcc', 'a-linux', 'failed'],
] as const;

function map() {
  const words = emptyWords();
  const names = [...new Set(told.map(([name]) => name))];
  names.forEach((name, at) => words.names.add(at + 1, name));
  const jobs = new GrowingColumns();
  for (const [at, [name, system, status]] of told.entries()) {
    jobs.add({
      ...{ job: at + 1, name: names.indexOf(name) + 1, system: words.systems.code(system) },
      ...{ build: at + 1, status: statusCode(status), reason: 0, failedInput: 0, maintainers: 0 },
    });
  }
  const sheet = sheetOf(1, jobs.all(), words);
  return { ...jobMap(sheet, differ(sheet, null, true)), letters: statusLetters };
}

describe('the map of jobs', () => {
  it('is taken apart into what it was made of, each name and system once', () => {
    const data = map();
    const names = namesOf(data);
    expect(names).toEqual(['gcc', 'python', 'python-numpy', 'é-zażółć']);
    const words = data.systems.map(({ system, statuses }) => [
      system,
      ...[...statuses].map((letter) => data.letters[letter] ?? ''),
    ]);
    expect(words).toEqual([
      ['a-linux', 'started', '', 'succeeded', 'error'],
      ['b-linux', '', 'succeeded', 'failed', ''],
    ]);
    expect(namesOf({ ...data, names: '' })).toEqual([]);
  });

  it('chooses by parts of names, by what they must not have, and by status', () => {
    const data = map();
    const [a, b] = data.systems.map(({ statuses }) => statuses) as [string, string];
    const places = (statuses: string, asked: string, status = '') => [
      ...placesOf(statuses, fitting(namesOf(data), asked), status),
    ];
    expect(places(a, '')).toEqual([0, 2, 3]);
    expect(places(b, 'PY  -num')).toEqual([1]);
    expect(places(b, '- python')).toEqual([1, 2]);
    const failed = Object.entries(data.letters).find(([, word]) => word === 'failed')![0];
    expect(places(b, '', failed)).toEqual([2]);
  });
});
