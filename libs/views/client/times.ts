/**
 * Times as the reader prefers them: from now or on the clock, in the reader's zone or in UTC. The
 * server says them from now, with UTC to hover; that stays without scripts.
 */
import { preferred } from './preferences.js';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const tickMilliseconds = 20_000;

export function keepTimes(): void {
  dressTimes(document);
  setInterval(() => dressTimes(document), tickMilliseconds);
}

export function dressTimes(within: ParentNode): void {
  const now = Date.now();
  const absolute = preferred('times') === 'absolute';
  for (const element of within.querySelectorAll<HTMLTimeElement>('time[datetime]')) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const clock = clockTime(at);
    const isDue = element.hasAttribute('data-coming') && at.getTime() <= now;
    const short = isDue ? 'any moment' : relative((now - at.getTime()) / 1000);
    const isClock = absolute || element.hasAttribute('data-clock');
    setText(element, isClock ? clock : short);
    element.title = isClock ? `${short}, ${utcTime(at)}` : `${clock}, ${utcTime(at)}`;
  }
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** `2026-11-20 13:00:05 CET` */
export function clockTime(at: Date): string {
  if (preferred('zone') === 'utc') return utcTime(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${date} ${time} ${zoneOf(at)}`;
}

function zoneOf(at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

function utcTime(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** As libs/views/words.ts says it, so that nothing changes when the script has come. */
function relative(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 5) return 'now';
  const text = inUnit(size);
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function inUnit(seconds: number): string {
  if (Math.round(seconds) < minute) return `${Math.round(seconds)} s`;
  if (seconds < hour) return `${Math.floor(seconds / minute)} min`;
  return seconds < day ? `${Math.floor(seconds / hour)} h` : `${Math.floor(seconds / day)} d`;
}
