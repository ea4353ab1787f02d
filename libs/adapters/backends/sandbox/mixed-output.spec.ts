import { describe, expect, it } from '@jest/globals';
import { longestLine, MixedOutput } from './mixed-output.js';

describe('what an evaluator says', () => {
  const text = 'warning: old\ntrace: mark {"a":1}\ntrace: hello\ntrace: mark {"b":2}\nlast';

  it.each([1, 5, 1000])('is parted into events and log, in pieces of %d bytes', (piece) => {
    const output = new MixedOutput('trace: mark ');
    const bytes = Buffer.from(text);
    const events: string[] = [];
    const log: Uint8Array[] = [];
    const gather = (parted: { events: readonly string[]; log: Uint8Array }): void => {
      events.push(...parted.events);
      log.push(parted.log);
    };
    for (let at = 0; at < bytes.length; at += piece) {
      gather(output.take(bytes.subarray(at, at + piece)));
    }
    gather(output.finish());
    expect(events).toEqual(['{"a":1}', '{"b":2}']);
    expect(Buffer.concat(log).toString()).toBe('warning: old\ntrace: hello\nlast');
  });

  it('overflows on a line without end', () => {
    const output = new MixedOutput('trace: mark ');
    output.take(Buffer.alloc(longestLine));
    expect(output.overflown).toBe(false);
    output.take(Buffer.alloc(1));
    expect(output.overflown).toBe(true);
  });
});
