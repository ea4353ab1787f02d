/** When lines came, beside them: since the first one, or on the reader's clock. */
import { preferred } from './preferences.js';

export type TimeStyle = 'off' | 'since' | 'clock';

export function dressTime(row: HTMLElement, style: TimeStyle, begun: number): void {
  const at = row.dataset['at'];
  if (style === 'off' || at === undefined) {
    row.removeAttribute('data-time');
    return;
  }
  const time = new Date(at);
  row.dataset['time'] = style === 'clock' ? clock(time) : since((time.getTime() - begun) / 1000);
}

function clock(at: Date): string {
  const zone = preferred('zone') === 'utc' ? 'UTC' : undefined;
  return at.toLocaleTimeString('en-GB', { hour12: false, ...(zone && { timeZone: zone }) });
}

function since(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number: number): string => String(number).padStart(2, '0');
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
}
