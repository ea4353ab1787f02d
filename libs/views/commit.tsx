/** What the farm knows of one commit: the evaluations that have it, of all specifications. */
import { commitAddress } from '#domain/forge/commit-address.js';
import type { CommitAnswer } from '#protocol/api/commit.js';
import { goesOn } from './evaluation-words.js';
import { JudgedEvaluations, judgement } from './judged-evaluations.js';
import { page } from './layout.js';

export interface CommitModel {
  readonly commit: CommitAnswer;
  readonly now: Date;
}

export function commitPage({ commit: { revision, items, next }, now }: CommitModel): string {
  const short = revision.slice(0, 12);
  const goOn = items.filter(({ evaluation }) => goesOn(evaluation));
  return page(
    {
      title: `Commit ${short}`,
      here: '/',
      json: `/api/v1/commits/${revision}`,
      live: goOn.slice(0, 20).map(({ evaluation }) => `evaluation/${evaluation.id}` as const),
    },
    <>
      <h1>
        Commit <code>{short}</code>
      </h1>
      <p class="lead verdict">{judgement(items)}</p>
      <dl>
        <dt>Revision</dt>
        <dd class="break">
          <code>{revision}</code>
        </dd>
        <dt>Of</dt>
        <dd>
          <ul class="classes">
            {channelsOf({ revision, items, next }).map(([channel, url, outside]) => (
              <li>
                {channel}{' '}
                {outside === null ? (
                  <span class="quiet break">{url}</span>
                ) : (
                  <a href={outside} rel="noreferrer">
                    at its forge
                  </a>
                )}
              </li>
            ))}
          </ul>
        </dd>
      </dl>
      <JudgedEvaluations judged={items} caption="Evaluations that have it" now={now} />
      {next ? (
        <p>
          <a rel="next" href={`/commits/${revision}?cursor=${next}`}>
            Older evaluations
          </a>
        </p>
      ) : null}
    </>,
  );
}

/** Each channel with its address once. */
function channelsOf({ revision, items }: CommitAnswer): [string, string, string | null][] {
  const found = new Map<string, [string, string, string | null]>();
  for (const { evaluation, channels } of items) {
    for (const { channel, url } of evaluation.checkouts) {
      if (!channels.includes(channel)) continue;
      found.set(`${channel} ${url}`, [channel, url, commitAddress(url, revision)]);
    }
  }
  return [...found.values()];
}
