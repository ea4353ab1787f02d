import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventTopic } from '#protocol/api/events.js';
import { NewsDesk, type News } from './news-desk.js';

let now = 0;
let desk: NewsDesk;
beforeEach(() => {
  jest.useFakeTimers();
  now = 0;
  desk = new NewsDesk('e', () => now);
});
afterEach(() => {
  desk.close();
  jest.useRealTimers();
});

function pass(milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= 50) {
    now += 50;
    jest.advanceTimersByTime(50);
  }
}

function hearing(...topics: EventTopic[]): { heard: News[]; stop: () => void } {
  const heard: News[] = [];
  return { heard, stop: desk.hear(topics, (news) => heard.push(news)) };
}

describe('news of a topic', () => {
  it('reach those who hear it, and nobody else', () => {
    const one = hearing('build/1', 'farm');
    const two = hearing('build/2');
    desk.note('build/1');
    expect(one.heard.map(({ topics }) => topics)).toEqual([['build/1']]);
    expect(two.heard).toEqual([]);
  });

  it('are one event however many changes there were, and the last is never lost', () => {
    const { heard } = hearing('farm');
    for (let n = 0; n < 1000; n += 1) desk.note('farm');
    expect(heard).toHaveLength(1);
    pass(10_000);
    expect(heard).toHaveLength(2);
  });
});

describe('a thousand hearers', () => {
  it('are told more seldom, and to spread their looks', () => {
    const all = Array.from({ length: 1000 }, () => hearing('farm').heard);
    desk.note('farm');
    desk.note('farm');
    expect(all[0]).toMatchObject([{ topics: ['farm'], within: 20_000 }]);
    pass(15_000);
    expect(all[999]).toHaveLength(1);
    pass(10_000);
    expect(all[999]).toHaveLength(2);
  });
});

describe('a stream that broke', () => {
  it('is told what changed meanwhile, and only that', () => {
    const { stop } = hearing('farm', 'queue');
    desk.note('farm');
    const last = desk.lastId();
    stop();
    pass(5000);
    desk.note('queue');
    pass(5000);
    expect(desk.since(last, ['farm', 'queue'])).toEqual(['queue']);
  });

  it('is told of all its topics when it comes too late, or to another process', () => {
    const { stop } = hearing('farm', 'queue');
    const last = desk.lastId();
    stop();
    expect(desk.since('other-1', ['farm', 'queue'])).toEqual(['farm', 'queue']);
    expect(desk.since(last, ['farm', 'queue'])).toEqual([]);
    pass(70_000);
    hearing('farm');
    expect(desk.since(last, ['farm', 'queue'])).toEqual(['farm', 'queue']);
  });

  it('is told of all its topics when more was told than is remembered', () => {
    const { stop } = hearing('build/1', 'build/2');
    const last = desk.lastId();
    stop();
    for (let n = 0; n < 1100; n += 1) {
      now += 600;
      hearing('build/1').stop();
      desk.note('build/1');
    }
    expect(desk.since(last, ['build/2'])).toEqual(['build/2']);
  });
});
