/** How the health of an evaluation is drawn and said. */
import type { Health } from '#domain/evaluation/health.js';
import type { RecentEvaluation } from '#protocol/api/overview.js';
import type { Shape, Tone } from './statuses.js';
import { count, plural } from './words.js';

export const healthDrawings: Readonly<Record<Health, { tone: Tone; shape: Shape }>> = {
  reading: { tone: 'busy', shape: 'play' },
  building: { tone: 'busy', shape: 'dot' },
  succeeded: { tone: 'good', shape: 'check' },
  'newly-failing': { tone: 'bad', shape: 'cross' },
  'still-failing': { tone: 'idle', shape: 'minus' },
  unreadable: { tone: 'bad', shape: 'diamond' },
  canceled: { tone: 'off', shape: 'slash' },
};

/** `3 newly failing`, with what its shape alone would not say. */
export function healthSentence(recent: RecentEvaluation): string {
  switch (recent.health) {
    case 'reading':
      return 'being evaluated';
    case 'building':
      return recent.unfinished > 0 ? `${count(recent.unfinished)} unfinished` : 'just evaluated';
    case 'succeeded':
      return recent.jobs === 0 ? 'no jobs' : `all ${plural(recent.jobs, 'job')} succeeded`;
    case 'newly-failing':
      return `${count(recent.newFailures)} newly failing`;
    case 'still-failing':
      return `${count(recent.failures)} failing as before`;
    case 'unreadable':
      return 'could not be evaluated';
    case 'canceled':
      return 'canceled';
  }
}
