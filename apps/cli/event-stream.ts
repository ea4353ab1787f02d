/** Server-sent events, read as the standard's "event stream" has them. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that was told, of this event or of one before; '' when none was. */
  readonly id: string;
}

/** The farm says something every five seconds, if only that it is still there. */
const silenceMilliseconds = 30_000;

/**
 * The events of an answer. A connection that has died without a word is given up by `ending`, whose
 * signal the request was made with.
 */
export async function* liveEvents(
  body: ReadableStream<Uint8Array> | null,
  ending: AbortController,
): AsyncGenerator<ServerEvent> {
  if (body === null) return;
  const dead = (): void => ending.abort(new Error('nothing was heard for 30 seconds'));
  let timer = setTimeout(dead, silenceMilliseconds);
  async function* heard(bytes: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      clearTimeout(timer);
      timer = setTimeout(dead, silenceMilliseconds);
      yield part;
    }
  }
  try {
    yield* readEvents(heard(body));
  } finally {
    clearTimeout(timer);
  }
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
