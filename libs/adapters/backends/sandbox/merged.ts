/** Several streams read at once, so many at a time, each no faster than its items are taken. */

interface Arrival<T> {
  readonly source: AsyncIterator<T>;
  readonly result: IteratorResult<T>;
}

/**
 * Items as they come, those of one source in their order. The first fault ends all; whoever stops
 * early has every source that began closed.
 */
export async function* merged<T>(
  sources: Iterable<AsyncIterable<T>>,
  atOnce = Infinity,
): AsyncGenerator<T, void, undefined> {
  const waiting = [...sources];
  const open = new Map<AsyncIterator<T>, Promise<Arrival<T>>>();
  const ask = (source: AsyncIterator<T>): void => {
    const asked = source.next().then((result) => ({ source, result }));
    // Looked at by the race below; one that loses it is looked at by the next.
    asked.catch(() => undefined);
    open.set(source, asked);
  };
  try {
    for (;;) {
      while (open.size < atOnce && waiting.length > 0) {
        ask(waiting.shift()![Symbol.asyncIterator]());
      }
      if (open.size === 0) return;
      const { source, result } = await Promise.race(open.values());
      if (result.done === true) {
        open.delete(source);
        continue;
      }
      yield result.value;
      ask(source);
    }
  } finally {
    await Promise.allSettled([...open.keys()].map((source) => source.return?.()));
  }
}
