import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { specificationInputs } from '#testkit/specification-values.js';
import { printFormats, printSpecificationFile } from './print-file.js';
import { faultLine, readSpecificationFiles, type ReadFiles } from './specification-file.js';

const fixtures = join(process.cwd(), 'test', 'fixtures', 'specifications');

function readFixtures(
  directory: string,
  names = readdirSync(join(fixtures, directory)),
): ReadFiles {
  const files = names.sort().map((name) => {
    return { name, text: readFileSync(join(fixtures, directory, name), 'utf8') };
  });
  return readSpecificationFiles(files);
}

function read(text: string, name = 'farm.scm'): ReadFiles {
  return readSpecificationFiles([{ name, text }]);
}

describe('specification files', () => {
  it('are read in every kind that the manual shows, and come back from every format', () => {
    const { specifications, faults } = readFixtures('examples');
    expect(faults.map(faultLine)).toEqual([]);
    expect(specifications).toHaveLength(23);
    for (const format of printFormats) {
      const text = printSpecificationFile(specifications, format);
      expect(read(text, `all.${format}`)).toEqual({ specifications, faults: [] });
    }
  });

  it('come back from every format whatever they hold', () => {
    const several = fc.uniqueArray(specificationInputs, {
      ...{ minLength: 1, maxLength: 4, selector: (one) => one.name },
    });
    fc.assert(
      fc.property(several, fc.constantFrom(...printFormats), (specifications, format) => {
        const text = printSpecificationFile(specifications, format);
        expect(read(text, `all.${format}`)).toEqual({ specifications, faults: [] });
      }),
      { numRuns: 150 },
    );
  });

  it('have the defaults of Cuirass', () => {
    const { specifications } = read("(list (specification (name 'guix)))");
    expect(specifications).toEqual([
      {
        name: 'guix',
        backend: 'guix',
        channels: [
          {
            name: 'guix',
            url: 'https://git.guix.gnu.org/guix.git',
            branch: 'master',
            introduction: {
              commit: '9edb3f66fd807b096b48283debdcddccfea34bad',
              fingerprint: 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA',
            },
          },
        ],
        selection: { set: 'all' },
        systems: ['x86_64-linux'],
        priority: 9,
        period: 0,
        active: true,
        ...{ share: 100, limits: {}, superseded: 'keep', keep: 3 },
      },
    ]);
  });

  it('tell every fault of malformed files with line and column', () => {
    const names = readdirSync(join(fixtures, 'malformed')).sort();
    const told = names.map((name) => {
      const { faults } = readFixtures('malformed', [name]);
      expect(faults).not.toEqual([]);
      return faults.map((fault) => `${faultLine(fault)}\n`).join('');
    });
    expect(told.join('')).toBe(readFileSync(join(fixtures, 'malformed.txt'), 'utf8'));
    expect(names.length).toBeGreaterThanOrEqual(20);
  });

  it('show nothing of a file that a terminal would obey', () => {
    const { faults } = read('(list (specification (name "a") (\u001bc\0 1)))');
    expect(faults[0]?.message).toMatch(/^specification has no field \ufffdc\ufffd: /);
    const email = '(email (from "a\0@b") (to "a@b") (server "smtp://b"))';
    const text = `(list (specification (name "a") (notifications (list ${email}))))`;
    expect(read(text).faults.map(faultLine)).toEqual([
      'farm.scm:1:67: notifications[0].from: text without NUL, in whole characters',
    ]);
  });

  it('say that there is none, or nothing at all', () => {
    for (const [text, name] of [
      ['(list)', 'farm.scm'],
      ["'()", 'farm.scm'],
      ['[]', 'farm.yaml'],
      ['[]', 'farm.json'],
    ] as const) {
      expect(read(text, name)).toEqual({ specifications: [], faults: [] });
    }
    for (const name of ['farm.scm', 'farm.yaml', 'farm.json']) {
      expect(read('', name).faults).toHaveLength(1);
    }
  });

  it('cannot grow without end by names for lists of lists', () => {
    const lines = ['(define a0 (list "a" "b"))'];
    for (let index = 1; index < 40; index += 1) {
      const before = `a${index - 1}`;
      lines.push(`(define a${index} (append ${before} ${before} ${before} ${before}))`);
    }
    const { faults } = read(`${lines.join('\n')}\n(list (specification (name "a")))`);
    expect(faults.map(faultLine)).toEqual([
      'farm.scm:10:12: the lists have more than 200000 items: split the file',
    ]);
    const yaml = ['a0: &a0 [x, x]'];
    for (let index = 1; index < 40; index += 1) {
      yaml.push(`a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`);
    }
    expect(read(yaml.join('\n'), 'farm.yaml').faults).toHaveLength(1);
  });

  it('take no long time, whatever is nested or named in them', () => {
    const begun = performance.now();
    const texts = ['[', '{a: ', '&a ', '- *a\n', '(', "'", '(a ', '#|', '"\\'];
    for (const text of texts.map((one) => one.repeat(100_000 / one.length))) {
      for (const name of ['farm.yaml', 'farm.json', 'farm.scm']) {
        expect(read(text, name).faults.length).toBeGreaterThan(0);
      }
    }
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('of any text are refused or read, and never break the reader', () => {
    const bits = fc.constantFrom(
      ...['(', ')', '[', ']', "'", '`', ',', ',@', '#~', '#;', '#|', '|#', '"', '\\', ' . ', '\n'],
      ...[
        'specification ',
        'name ',
        'channel ',
        'build ',
        'list ',
        'append ',
        'inherit ',
        'quote ',
      ],
      ...[
        'define a ',
        'a ',
        '#f',
        '12 ',
        '"x"',
        '%default-channels ',
        '#:k ',
        '- ',
        ': ',
        '{',
        '&a ',
      ],
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(bits, { maxLength: 60 }).map((some) => some.join('')),
      fc.array(bits, { maxLength: 30 }).map((some) => `(list (specification ${some.join('')}`),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('.scm', '.json', '.yaml'), (text, extension) => {
        const { faults } = read(text, `farm${extension}`);
        const lines = text.split('\n').length;
        for (const { line, column } of faults) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines + 1);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of the same name in two files are told', () => {
    const text = '(list (specification (name "a")))';
    const { faults } = readSpecificationFiles([
      { name: 'one.scm', text },
      { name: 'two.scm', text: `\n${text}` },
      { name: 'three.txt', text },
    ]);
    expect(faults.map(faultLine)).toEqual([
      'two.scm:2:7: one.scm:1:7 says a too: give one of the two another name',
      'three.txt:1:1: a file of this kind is not read: name it .scm, .json, .yaml, .yml',
    ]);
  });
});
