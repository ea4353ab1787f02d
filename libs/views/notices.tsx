/** What every page tells first: that the farm holds something back. */
import { renderToString } from 'preact-render-to-string';
import type { FarmAnswer } from '#protocol/api/retention.js';
import { bytes } from './words.js';

const held = {
  soft: 'nothing new is evaluated until there is more',
  hard: 'nothing new is evaluated, and uploads wait, until there is more',
};

/** Puts it at the beginning of the page's content, from where a page that is open renews it. */
export function withNotices(html: string, farm: FarmAnswer): string {
  if (farm.disks.length === 0) return html;
  const notices = renderToString(<Notices farm={farm} />);
  return html.replace(/<main [^>]*>/, (main) => `${main}${notices}`);
}

function Notices({ farm }: { farm: FarmAnswer }) {
  return (
    <div role="status">
      {farm.disks.map(({ place, level, freeBytes, totalBytes }) => (
        <p class="fault">
          Only {bytes(freeBytes)} of {bytes(totalBytes)} are free for {place}: {held[level]}.
        </p>
      ))}
    </div>
  );
}
