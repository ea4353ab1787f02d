/** A followed log and watched news over streams that break. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from '#client/client.js';
import { runCommand } from '#testkit/run-command.js';
import { endBadly } from '../exit-codes.js';
import { News } from '../eval/watch/news.js';
import { gambesonProgram } from '../program.js';

type Answer = (response: ServerResponse) => void;

let farm: Server;
let base: string;
const asked: string[] = [];
let answers: Answer[] = [];

beforeAll(async () => {
  farm = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers.shift();
    if (answer) return answer(response);
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => {
    farm.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(farm.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => {
  farm.closeAllConnections();
  farm.close();
});

/** Says the events, and then breaks off, ends, or stays. */
function says(then: 'breaks' | 'ends' | 'stays', ...events: [string, unknown, string][]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = events.map(([event, data, id]) => {
      return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    });
    response.write(text.join('') || ': \n\n', () => {
      if (then === 'breaks') response.destroy();
      if (then === 'ends') response.end();
    });
  };
}

describe('a followed log', () => {
  it('goes on where it was when the stream breaks or ends before the build does', async () => {
    answers = [
      says('breaks', ['attempt', { attempt: '3', number: 1 }, '0'], ['log', 'one\n', '4']),
      says('ends', ['attempt', { attempt: '3', number: 1 }, '4'], ['log', 'two\n', '8']),
      (response) => response.writeHead(503).end(),
      says(
        'stays',
        ['log', 'three\n', '14'],
        ['end', { status: 'failed', reason: 'silent' }, '14'],
      ),
    ];
    const words = ['node', 'gambeson', 'build', 'log', '7', '--follow', '--farm', base];
    const ran = await runCommand(() => gambesonProgram().parseAsync(words), endBadly);
    expect(ran).toMatchObject({ out: 'one\ntwo\nthree\n', status: 1 });
    expect(ran.errors).toMatch(/build 7 failed: silent\n$/);
    const path = '/api/v1/builds/7/log/stream?from=';
    expect(asked).toEqual([`${path}0`, `${path}4`, `${path}8`, `${path}8`]);
  });

  it('that cannot be had at all is given up at once', async () => {
    answers = [];
    const words = ['node', 'gambeson', 'build', 'log', '7', '--follow', '--farm', base];
    const ran = await runCommand(() => gambesonProgram().parseAsync(words), endBadly);
    expect(ran).toMatchObject({ out: '', status: 6 });
  });
});

describe('news', () => {
  it('are taken up with the last that was heard, and wake whoever waits', async () => {
    answers = [
      says('ends', ['hello', { missed: [] }, 'a-1'], ['news', { topics: [] }, 'a-2']),
      says('stays', ['hello', { missed: ['evaluation/12'] }, 'b-1']),
    ];
    const news = new News(new Client({ base }), 'evaluation/12');
    // Far longer than a test may take: only news can end these.
    await news.waited(1_000_000);
    while (asked.length < 2) await news.waited(1_000_000);
    news.close();
    const path = '/api/v1/events?topic=evaluation%2F12';
    expect(asked).toEqual([path, `${path}&last=a-2`]);
  });
});
