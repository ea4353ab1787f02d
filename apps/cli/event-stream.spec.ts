/** Server-sent events, cut anywhere. */
import { describe, expect, it } from '@jest/globals';
import { readEvents, type ServerEvent } from './event-stream.js';

async function read(text: string, size: number): Promise<ServerEvent[]> {
  const bytes = Buffer.from(text);
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const events: ServerEvent[] = [];
  for await (const event of readEvents(parts())) events.push(event);
  return events;
}

const stream =
  'retry: 2000\n\n: still here\n\nid: 5\nevent: log\ndata: "ä"\n\ndata: two\r\ndata:lines\r\n\r\n' +
  'event: empty\n\nid\ndata: x\n\ndata: cut';

describe('an event stream', () => {
  it.each([1, 2, 3, 7, 1000])('is read in pieces of %d bytes', async (size) => {
    expect(await read(stream, size)).toEqual([
      { event: 'log', data: '"ä"', id: '5' },
      { event: 'message', data: 'two\nlines', id: '5' },
      { event: 'message', data: 'x', id: '' },
    ]);
  });
});
