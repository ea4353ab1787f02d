import { describe, expect, it } from '@jest/globals';
import { LogCursor, longestFrame } from './log-cursor.js';

function welcomed(): LogCursor {
  const cursor = new LogCursor();
  cursor.acknowledge(0);
  return cursor;
}

describe('a log on its way', () => {
  it('is sent in frames within the credit, and on as it is acknowledged', () => {
    const cursor = welcomed();
    const window = longestFrame + 100;
    const first = cursor.next(1_000_000, window)!;
    expect(first).toEqual({ offset: 0, length: longestFrame });
    cursor.sent(first);
    const second = cursor.next(1_000_000, window)!;
    expect(second).toEqual({ offset: longestFrame, length: 100 });
    cursor.sent(second);
    expect(cursor.next(1_000_000, window)).toBeNull();
    cursor.acknowledge(longestFrame);
    expect(cursor.next(1_000_000, window)).toEqual({ offset: window, length: longestFrame });
  });

  it('goes one frame at a time after a reconnect, until the farm has told where it stands', () => {
    const cursor = welcomed();
    cursor.sent({ offset: 0, length: 500 });
    cursor.acknowledge(200);
    cursor.restart();
    const span = cursor.next(1000, 100)!;
    expect(span).toEqual({ offset: 200, length: 100 });
    cursor.sent(span);
    expect(cursor.next(1000, 1000)).toBeNull();
    cursor.acknowledge(500);
    expect(cursor.next(1000, 1000)).toEqual({ offset: 500, length: 500 });
  });

  it('goes back to where the farm stands after a gap', () => {
    const cursor = welcomed();
    cursor.sent({ offset: 0, length: 500 });
    cursor.acknowledge(500);
    cursor.sent({ offset: 500, length: 100 });
    cursor.acknowledge(300);
    expect(cursor.next(1000, 1000)).toEqual({ offset: 300, length: 700 });
  });
});
