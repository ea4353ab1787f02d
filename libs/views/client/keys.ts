/**
 * Keys of one letter, and of `g` and a letter. They rest while somebody writes, while a dialog is
 * open, and for readers who turned them off (WCAG 2.1.4).
 */
import { preferred } from './preferences.js';

type Act = () => void;

const acts = new Map<string, Act>();
/** How long `g` waits for its letter. */
const prefixMilliseconds = 1500;
let prefixedAt = -Infinity;

/** `keys` is one character, or `g` and one with a space between. */
export function onKey(keys: string, act: Act): void {
  if (acts.size === 0) document.addEventListener('keydown', take);
  acts.set(keys, act);
}

function take(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (preferred('keys') === 'off' || isBusy(event.target)) return;
  const prefixed = event.timeStamp - prefixedAt < prefixMilliseconds;
  prefixedAt = -Infinity;
  const act = acts.get(prefixed ? `g ${event.key}` : event.key);
  if (act) {
    event.preventDefault();
    act();
  } else if (event.key === 'g' && !prefixed) {
    prefixedAt = event.timeStamp;
  }
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
