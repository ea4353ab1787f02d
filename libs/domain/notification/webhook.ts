/**
 * A message as a webhook of ours: the body by Standard Webhooks (type, timestamp, data). Ids are
 * strings, as everywhere in v1; the same message has the same bytes whenever it is sent.
 */
import type { WeatherChange } from './change.js';
import type { Message } from './message.js';
import { subjectOf } from './mail.js';
import type { Pages } from './pages.js';

export interface Webhook {
  /** Stable, so that a receiver can tell what it has had. */
  readonly id: string;
  readonly body: string;
}

export function webhookOf(message: Message, pages: Pages): Webhook {
  const { specification, evaluation, changes, counts } = message;
  const trial = evaluation === null;
  const data = {
    specification,
    title: subjectOf(message),
    ...(!trial && {
      evaluation: { id: String(evaluation), url: pages.evaluation(evaluation) },
      counts,
      changes: changes.map((change) => told(change, pages)),
      // When there are more than are told by name.
      complete: changes.length === counts.broken + counts.fixed,
    }),
  };
  const type = trial ? 'notification.test' : 'builds.changed';
  const timestamp = message.createdAt.toISOString();
  return { id: `msg_${message.key}`, body: JSON.stringify({ type, timestamp, data }) };
}

function told(change: WeatherChange, pages: Pages): object {
  const { job, system, kind, build, at } = change;
  return {
    ...{ job, system, status: kind, changedAt: at.toISOString() },
    build: { id: String(build), url: pages.build(build) },
  };
}
