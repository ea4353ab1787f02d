/** The worker that all tabs of the farm share: browsers open six connections to a host at most. */
import { NewsStream } from './news-stream.js';

interface Says {
  /** Empty: the tab goes. */
  readonly topics: readonly string[];
}

const stream = new NewsStream();

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (!port) return;
  port.addEventListener('message', ({ data }: MessageEvent<Says>) => {
    if (data.topics.length === 0) stream.remove(port);
    else stream.add(port, data.topics, (...news) => port.postMessage(news));
  });
  port.start();
});
