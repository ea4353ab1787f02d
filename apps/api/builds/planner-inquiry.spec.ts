import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PlannerQuestion } from '#application/answer-planner.js';
import type { Bus } from '#application/ports/bus.js';
import { id, type BuildId } from '#domain/ids.js';
import { PlannerInquiry } from './planner-inquiry.js';

const build = id<BuildId>(7);
const estimate = { startsAt: 1, endsAt: 2 };

/** The planner's end of the bus: it hears questions, and answers when the test says so. */
class Planner implements Bus {
  readonly questions: PlannerQuestion[] = [];
  answersAtOnce = false;
  private listener: (message: string) => void = () => undefined;

  async publish(_topic: string, message: string): Promise<void> {
    this.questions.push(JSON.parse(message) as PlannerQuestion);
    if (this.answersAtOnce) this.answer();
  }

  async subscribe(_topic: string, listener: (message: string) => void) {
    this.listener = listener;
    return async () => undefined;
  }

  async close(): Promise<void> {}

  answer(): void {
    this.listener(JSON.stringify({ id: this.questions.at(-1)!.id, waits: [null], estimate }));
  }
}

let planner: Planner;
let inquiry: PlannerInquiry;

beforeEach(() => {
  jest.useFakeTimers();
  planner = new Planner();
  inquiry = new PlannerInquiry(planner);
});
afterEach(() => {
  jest.useRealTimers();
});

/** What a reader got, and how long it waited for it. */
async function read() {
  const began = performance.now();
  const told = inquiry.builds([build]);
  const waited = told.then(() => performance.now() - began);
  await jest.advanceTimersByTimeAsync(50);
  return { answer: await told, waited: await waited };
}

describe('a question to the planner', () => {
  it('is answered with what the planner knows', async () => {
    planner.answersAtOnce = true;
    expect((await read()).answer).toMatchObject({ estimate });
    expect((await read()).answer).toMatchObject({ estimate });
    expect(planner.questions).toHaveLength(2);
  });

  it('that nobody answers keeps one reader for 50 ms, and the next ones not at all', async () => {
    expect(await read()).toEqual({ answer: null, waited: 50 });
    expect((await read()).waited).toBe(0);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(await read()).toMatchObject({ answer: null, waited: 0 });
  });

  it('goes out once a second while nobody answers, and finds the one who does again', async () => {
    await read();
    for (let n = 0; n < 15; n += 1) await read();
    expect(planner.questions).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1000);
    planner.answersAtOnce = true;
    await read();
    expect(planner.questions).toHaveLength(2);
    expect((await read()).answer).toMatchObject({ estimate });
  });

  it('answered too late is answered to the next who asks the same, while it is new', async () => {
    expect((await read()).answer).toBeNull();
    await jest.advanceTimersByTimeAsync(200);
    planner.answer();
    expect(await read()).toMatchObject({ answer: { estimate }, waited: 0 });
    expect((await read()).answer).toBeNull();
    planner.answer();
    await jest.advanceTimersByTimeAsync(6000);
    expect((await read()).answer).toBeNull();
  });
});
