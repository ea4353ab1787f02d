/** Keeps an open page as the farm is, while somebody looks at it. */
import { fetchPage, renew } from './renew.js';

const refreshMilliseconds = 4000;

export function keepLive(main: HTMLElement): void {
  const again = (): void => void setTimeout(() => void look().finally(again), refreshMilliseconds);
  const look = async (): Promise<void> => {
    if (document.hidden || isSelecting()) return;
    const next = (await fetchPage())?.querySelector('main');
    if (next && !isSelecting()) renew(main, next);
  };
  again();
}

/** Text that is being selected stays as it is until it was copied. */
function isSelecting(): boolean {
  const chosen = getSelection();
  return chosen !== null && !chosen.isCollapsed;
}
