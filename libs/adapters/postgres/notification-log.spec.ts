/** A message is looked at while it is being sent. */
import { describe, expect, it } from '@jest/globals';
import { id, type DeliveryId } from '#domain/ids.js';
import type { Database } from './database.js';
import { NotificationLog } from './notification-log.js';

const at = new Date('2026-11-21T09:00:00Z');
const answered = { number: 1, tried_at: at, milliseconds: 7, delivered: false, answer: '410' };

/** Its first try ends, in one statement, behind the first question. */
function settledMeanwhile(): Database {
  let asked = 0;
  const query = (text: string): Promise<object[]> => {
    asked += 1;
    const settled = asked > 1;
    if (text.includes('delivery_tries')) return Promise.resolve(settled ? [answered] : []);
    if (text.includes('delivery_changes c\n')) return Promise.resolve([]);
    const last_answer = settled ? '410' : null;
    const row = {
      id: 1,
      specification: 'base',
      receiver: 'email:a@b',
      state: 'waiting',
      last_answer,
    };
    const more = { evaluation_id: null, change_count: 0, attempts: 0, next_try_at: at };
    const head = { name: 'base', key: 'k', broken: 0, fixed: 0, created_at: at, ended_at: null };
    return Promise.resolve([{ ...row, ...more, ...head }]);
  };
  return { query } as unknown as Database;
}

describe('a message that is being sent', () => {
  it('never tells a try without what it was answered', async () => {
    const told = await new NotificationLog(settledMeanwhile()).one(id<DeliveryId>(1));
    expect(told!.tries.length === 0 || told!.lastAnswer === '410').toBe(true);
  });
});
