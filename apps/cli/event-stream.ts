/** Server-sent events, read as the standard's "event stream" has them. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that was told, of this event or of one before; '' when none was. */
  readonly id: string;
}

/** Ends with the stream; what is cut off in the middle of an event is left out. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let fields: { event: string; data: string[] } = { event: '', data: [] };
  let id = '';
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (fields.data.length > 0) {
        yield { event: fields.event || 'message', data: fields.data.join('\n'), id };
      }
      fields = { event: '', data: [] };
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') fields.event = value;
    else if (name === 'data') fields.data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
