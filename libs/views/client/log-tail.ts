/**
 * The end of a log inside a page: scrolled to its last line, and followed while it grows. Only text
 * nodes and the fixed colour classes are drawn.
 */
type Span = readonly [text: string, classes: string];

const classes = /^(([fg]([0-9]|1[0-5])|b|dim|i|u)( (?=.)|$))*$/;
const keptNodes = 4000;

function follow(log: HTMLElement, address: string): void {
  const source = new EventSource(address);
  let attempts = 0;
  document.querySelector('.following')?.removeAttribute('hidden');
  source.addEventListener('log', ({ data }: MessageEvent<string>) => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const span of JSON.parse(data) as readonly Span[]) log.append(drawn(span));
    while (log.childNodes.length > keptNodes) log.firstChild?.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  source.addEventListener('attempt', () => {
    attempts += 1;
    const pinned = address.includes('attempt=');
    if (!pinned || (attempts > 1 && source.readyState === EventSource.CLOSED)) location.reload();
  });
  source.addEventListener('end', () => {
    source.close();
    location.reload();
  });
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
