/**
 * Streams by turns: browsers open six connections to a host, and tabs that each hold one would stop
 * every other from loading. Of the tabs of this browser the last few that came hold theirs; who had
 * to yield takes it up again after a rest, or at once when the reader comes back to it.
 */
const holdersAtMost = 2;
/** A tab at rest is behind by this long at most, for each pair of tabs. */
const restMilliseconds = 10_000;

export interface Stream {
  /** Opens the connection, and brings what was missed while there was none. */
  open(): void;
  close(): void;
}

interface Turn {
  readonly tab: string;
  readonly holds: boolean;
}

/**
 * Tabs that nobody sees hold none. `kind`: those who take turns with each other. Answers how to
 * leave for good.
 */
export function takeTurns(kind: string, stream: Stream): () => void {
  const tab = `${performance.timeOrigin}-${Math.random()}`;
  const port = new BroadcastChannel(`gambeson-${kind}`);
  /** Those that came after this tab. */
  const newer = new Set<string>();
  let holds = false;
  let rest = 0;
  let left = false;

  const tell = (): void => {
    const turn: Turn = { tab, holds };
    port.postMessage(turn);
  };
  const release = (): void => {
    if (!holds) return;
    holds = false;
    stream.close();
    tell();
  };
  const take = (): void => {
    clearTimeout(rest);
    if (holds || left || document.hidden) return;
    holds = true;
    newer.clear();
    tell();
    stream.open();
  };
  port.addEventListener('message', ({ data }: MessageEvent<Turn>) => {
    if (data.holds) newer.add(data.tab);
    else newer.delete(data.tab);
    if (!holds || newer.size < holdersAtMost) return;
    release();
    rest = setTimeout(take, restMilliseconds);
  });
  addEventListener('focus', take);
  addEventListener('pagehide', release);
  addEventListener('pageshow', take);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      clearTimeout(rest);
      release();
    } else take();
  });
  // After the caller knows how to leave.
  queueMicrotask(take);
  return () => {
    left = true;
    clearTimeout(rest);
    release();
  };
}
