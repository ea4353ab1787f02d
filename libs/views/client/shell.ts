/** The script of every page: times, keys, preferences, and news for pages that still change. */
import './copy.js';
import { onKey } from './keys.js';
import { keepLive } from './live.js';
import { offerPreferences } from './preferences-dialog.js';
import { keepTimes } from './times.js';

keepTimes();
offerPreferences();
onKey('/', () => document.querySelector<HTMLInputElement>('#search-field')?.focus());
for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-key]')) {
  onKey(`g ${link.dataset['key'] ?? ''}`, () => link.click());
}

const main = document.querySelector('main');
const topics = main?.dataset['live']?.split(' ');
if (main && topics) keepLive(main, topics);
