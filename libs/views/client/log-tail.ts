/**
 * The end of a log inside a page: scrolled to its last line, and followed while it grows. Only text
 * nodes and the fixed colour classes are drawn.
 */
import { takeTurns } from './turns.js';

type Span = readonly [text: string, classes: string];

const classes = /^(([fg]([0-9]|1[0-5])|b|dim|i|u)( (?=.)|$))*$/;
const keptNodes = 4000;

function follow(log: HTMLElement, address: string): void {
  const place = new URL(address, location.href);
  let source: EventSource | null = null;
  const open = (): void => {
    source = new EventSource(place);
    source.addEventListener('log', ({ data, lastEventId }: MessageEvent<string>) => {
      place.searchParams.set('from', lastEventId);
      append(log, JSON.parse(data) as readonly Span[]);
    });
    source.addEventListener('attempt', () => {
      // The page shows none yet, and nothing of its log.
      if (!place.searchParams.has('attempt')) location.reload();
    });
    source.addEventListener('end', () => {
      source?.close();
      location.reload();
    });
  };
  document.querySelector('.following')?.removeAttribute('hidden');
  takeTurns('log', { open, close: () => source?.close() });
}

function append(log: HTMLElement, spans: readonly Span[]): void {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const span of spans) log.append(drawn(span));
  while (log.childNodes.length > keptNodes) log.firstChild?.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function drawn([text, names]: Span): Node {
  if (names === '' || !classes.test(names)) return document.createTextNode(text);
  const element = document.createElement('span');
  element.className = names;
  element.textContent = text;
  return element;
}

for (const one of document.querySelectorAll('.log')) one.scrollTop = one.scrollHeight;
const log = document.querySelector<HTMLElement>('[data-stream]');
const address = log?.dataset['stream'];
if (log && address) follow(log, address);
