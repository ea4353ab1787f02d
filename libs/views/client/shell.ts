/** The script of every page: it keeps a page that still changes as the farm is. */
import { keepLive } from './live.js';

const main = document.querySelector('main');
if (main?.hasAttribute('data-live')) keepLive(main);
