/**
 * Keeps an open page as the farm is: at news of its topics, and once a minute whatever is heard, it
 * is fetched again and what changed is put in its place. The title and the icon follow too, so that
 * a tab in the background tells how things stand.
 */
import { hearNews } from './news.js';
import { lookAgain, renew } from './renew.js';
import { clockTime, dressTimes } from './times.js';

const tickMilliseconds = 60_000;
/** Between two looks when the page could not be had. */
const retryMilliseconds = 4000;
/** Between two looks, when somebody looks at the page, and when nobody does. */
const pauseMilliseconds = { seen: 1500, hidden: 15_000 };

let timer = 0;
let lookedAt = Date.now();

export function keepLive(main: HTMLElement, topics: readonly string[]): void {
  const tellStale = staleness(main);
  const soon = (within = 0): void => {
    if (timer !== 0) return;
    const pause = document.hidden ? pauseMilliseconds.hidden : pauseMilliseconds.seen;
    const wait = Math.max(0, lookedAt + pause - Date.now()) + Math.random() * within;
    timer = setTimeout(() => void look(), wait);
  };
  const look = async (): Promise<void> => {
    const next = isSelecting() ? 'later' : await lookAgain();
    timer = 0;
    lookedAt = Date.now();
    if (next !== 'later') tellStale(next);
    if (next === null) soon(retryMilliseconds);
    else if (next === 'later' || isSelecting()) soon();
    else if (next !== 'gone') takeOver(main, next);
  };
  const lookIfOld = (): void => {
    if (Date.now() - lookedAt >= tickMilliseconds) soon();
  };
  hearNews(topics, (_topics, within) => soon(within));
  setInterval(lookIfOld, tickMilliseconds / 4);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    // Nothing runs in a tab that sleeps.
    if (timer === 0) return lookIfOld();
    clearTimeout(timer);
    timer = 0;
    soon();
  });
  // Back from where the browser keeps pages that were left, which hear of nothing.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) soon();
  });
}

/** A line above the page that says since when it is not what the farm would tell. */
function staleness(main: HTMLElement): (next: Document | 'gone' | null) => void {
  const line = document.createElement('p');
  line.setAttribute('role', 'status');
  line.className = 'stale';
  main.before(line);
  let freshAt = new Date();
  return (next) => {
    const isFresh = next instanceof Document;
    if (isFresh) freshAt = new Date();
    const why = next === 'gone' ? 'The farm has this no more' : 'The farm does not answer';
    const text = isFresh ? '' : `${why}. This page is as it was at ${clockTime(freshAt)}.`;
    if (line.textContent !== text) line.textContent = text;
  };
}

function takeOver(main: HTMLElement, next: Document): void {
  const content = next.querySelector('main');
  if (!content) return;
  if (isOutdated(next) && isFree()) return location.reload();
  dressTimes(content);
  renew(main, content);
  if (document.title !== next.title) document.title = next.title;
  const icon = next.querySelector<HTMLLinkElement>('link[rel=icon]')?.href;
  const shown = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (icon && shown && shown.href !== icon) shown.href = icon;
  main.dispatchEvent(new CustomEvent('renewed'));
}

/** Whether the farm was upgraded: what it draws now is made for other scripts and sheets. */
function isOutdated(next: Document): boolean {
  const assets = (page: Document): string =>
    [...page.head.querySelectorAll('script[src], link[rel=stylesheet]')]
      .map((one) => one.getAttribute('src') ?? one.getAttribute('href'))
      .join();
  return assets(document) !== assets(next);
}

/** A page that is new, or in somebody's hands, is not loaded again. */
function isFree(): boolean {
  const held = document.activeElement;
  const isHeld = held !== null && held !== document.body && held.id !== 'main';
  return !isHeld && performance.now() > tickMilliseconds;
}

/** Text that is being selected stays as it is until it was copied. */
function isSelecting(): boolean {
  const chosen = getSelection();
  return chosen !== null && !chosen.isCollapsed;
}
