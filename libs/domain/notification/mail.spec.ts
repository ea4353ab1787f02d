import { describe, expect, it } from '@jest/globals';
import type { BuildId } from '../ids.js';
import type { WeatherChange } from './change.js';
import { logEnd } from './log-end.js';
import { mailOf } from './mail.js';
import type { Message } from './message.js';
import { pagesAt } from './pages.js';

const pages = pagesAt('https://ci.example.org');

function change(n: number, kind: WeatherChange['kind']): WeatherChange {
  const at = new Date(0);
  return {
    ...{ id: n, evaluation: 7, build: n, kind, at },
    ...{ specification: 'base', job: `job-${n}`, system: 'x86_64-linux' },
  } as unknown as WeatherChange;
}

function message(changes: readonly WeatherChange[]): Message {
  const broken = changes.filter(({ kind }) => kind === 'broken').length;
  const counts = { broken, fixed: changes.length - broken };
  const head = { delivery: 1, key: 'k', specification: 'base', evaluation: 7 };
  return { ...head, createdAt: new Date(0), changes, counts } as unknown as Message;
}

describe('a letter', () => {
  it('ends the news of one failure with the end of its log', () => {
    const logs = new Map([[1 as BuildId, 'make: hello\nFrom here\nerror: no such file\n']]);
    const { text } = mailOf(message([change(1, 'broken')]), { pages, host: 'h', logs });
    expect(text).toContain(
      'The end of its log:\n\n    make: hello\n    From here\n    error: no such file\n',
    );
  });

  it('shows the logs of the first that broke, each below its own', () => {
    const changes = [1, 2, 3, 4, 5, 6].map((n) => change(n, 'broken'));
    const logs = new Map(changes.map(({ build, job }) => [build, `${job} fell\n`]));
    const { text } = mailOf(message(changes), { pages, host: 'h', logs });
    expect(text).toContain(
      '  job-1\n    https://ci.example.org/build/1/details\n      job-1 fell\n',
    );
    expect(text).toContain('job-5 fell');
    expect(text).not.toContain('job-6 fell');
  });

  it('says nothing of a log that is empty, or of a build that was fixed', () => {
    const logs = new Map([[1 as BuildId, '\n\n'] as const, [2 as BuildId, 'fine'] as const]);
    for (const one of [change(1, 'broken'), change(2, 'fixed')]) {
      const { text } = mailOf(message([one]), { pages, host: 'h', logs });
      expect(text).not.toContain('log');
    }
  });
});

describe('the end of a log', () => {
  it('is what a terminal would show last, without colours and titles', () => {
    const text = 'cut\n\x1b[1;31mred\x1b[0m\n10%\r50%\r100%\r\n\x1b]0;title\x07a\tb  \n\n';
    expect(logEnd(text, 1)).toEqual(['cut', 'red', '100%', 'a  b']);
  });

  it('is thirty lines of one log, ten of each of several, and no line is long', () => {
    const text = Array.from({ length: 99 }, (_, n) => `${n} ${'x'.repeat(500)}`).join('\n');
    expect(logEnd(text, 1)).toHaveLength(30);
    expect(logEnd(text, 2)).toHaveLength(10);
    expect(logEnd(text, 2).at(-1)).toBe(`98 ${'x'.repeat(197)} …`);
  });
});
