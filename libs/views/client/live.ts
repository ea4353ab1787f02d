/**
 * Keeps an open page as the farm is: at news of its topics, and once a minute whatever is heard, it
 * is fetched again and what changed is put in its place. The title and the icon follow too, so that
 * a tab in the background tells how things stand.
 */
import { hearNews } from './news.js';
import { fetchPage, renew } from './renew.js';
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
    const next = isSelecting() ? 'later' : await fetchPage();
    timer = 0;
    lookedAt = Date.now();
    if (next !== 'later') tellStale(next === null);
    if (next === null) soon(retryMilliseconds);
    else if (next === 'later' || isSelecting()) soon();
    else takeOver(main, next);
  };
  hearNews(topics, (_topics, within) => soon(within));
  setInterval(() => {
    if (Date.now() - lookedAt >= tickMilliseconds) soon();
  }, tickMilliseconds / 4);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || timer === 0) return;
    clearTimeout(timer);
    timer = 0;
    soon();
  });
}

/** A line above the page that says since when it is not what the farm would tell. */
function staleness(main: HTMLElement): (isStale: boolean) => void {
  const line = document.createElement('p');
  line.setAttribute('role', 'status');
  line.className = 'stale';
  main.before(line);
  let freshAt = new Date();
  return (isStale) => {
    if (!isStale) freshAt = new Date();
    const at = clockTime(freshAt);
    const text = isStale ? `The farm does not answer. This page is as it was at ${at}.` : '';
    if (line.textContent !== text) line.textContent = text;
  };
}

function takeOver(main: HTMLElement, next: Document): void {
  const content = next.querySelector('main');
  if (!content) return;
  dressTimes(content);
  renew(main, content);
  if (document.title !== next.title) document.title = next.title;
  const icon = next.querySelector<HTMLLinkElement>('link[rel=icon]')?.href;
  const shown = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (icon && shown && shown.href !== icon) shown.href = icon;
  main.dispatchEvent(new CustomEvent('renewed'));
}

/** Text that is being selected stays as it is until it was copied. */
function isSelecting(): boolean {
  const chosen = getSelection();
  return chosen !== null && !chosen.isCollapsed;
}
