/** News for this tab, from the stream that it shares with the others. */
import { NewsStream, type HearNews } from './news-stream.js';
import { takeTurns } from './turns.js';

const seenMilliseconds = 60_000;

/** Calls `hear` whenever one of the topics changed, for as long as the page is open. */
export function hearNews(topics: readonly string[], hear: HearNews): void {
  if ('SharedWorker' in globalThis) hearFromWorker(topics, hear);
  else hearAlone(topics, hear);
}

function hearFromWorker(topics: readonly string[], hear: HearNews): void {
  const address = new URL('./news-worker.js', import.meta.url);
  const { port } = new SharedWorker(address, { type: 'module', name: 'gambeson' });
  port.addEventListener('message', ({ data }: MessageEvent<Parameters<HearNews>>) => hear(...data));
  port.start();
  port.postMessage({ topics });
  setInterval(() => port.postMessage({ topics }), seenMilliseconds);
  addEventListener('pagehide', () => port.postMessage({ topics: [] }));
  // Back from where the browser keeps pages that were left.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) port.postMessage({ topics });
  });
}

/** Without a worker to share each tab has a stream, when it has its turn. */
function hearAlone(topics: readonly string[], hear: HearNews): void {
  const stream = new NewsStream();
  let holds = false;
  const listen = (): void => {
    if (holds) stream.add(hear, topics, hear);
    else stream.remove(hear);
  };
  const turn = (its: boolean): void => {
    holds = its;
    listen();
  };
  setInterval(listen, seenMilliseconds);
  let rested = false;
  takeTurns('news', {
    open() {
      turn(true);
      if (rested) hear(topics, 0);
    },
    close() {
      rested = true;
      turn(false);
    },
  });
}
