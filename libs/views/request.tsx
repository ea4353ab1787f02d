/** What the farm knows of one pull request, in each specification that builds it. */
import type { RequestAnswer } from '#protocol/api/commit.js';
import { Commit } from './commits.js';
import { JudgedEvaluations, judgement } from './judged-evaluations.js';
import { page } from './layout.js';
import { Empty, Section, Time } from './parts.js';

export interface RequestModel {
  readonly request: RequestAnswer;
  readonly now: Date;
}

const stateWords: Readonly<Record<RequestAnswer['items'][number]['state'], string>> = {
  open: 'open',
  closed: 'closed',
  unwelcome: 'not built: nobody who may has asked for it',
  expired: 'not built any more: its time was over',
};

export function requestPage({ request, now }: RequestModel): string {
  const { forge, repository, number, items } = request;
  const query = new URLSearchParams({ forge, repository, number: String(number) });
  const newest = items.flatMap(({ evaluations }) => evaluations.slice(0, 1));
  return page(
    {
      title: `${repository} #${number}`,
      here: '/',
      json: `/api/v1/requests?${query}`,
      live: items.map(({ specification }) => `specification/${specification}` as const),
    },
    <>
      <p class="crumbs">
        {forge} / {repository}
      </p>
      <h1>Request {number}</h1>
      <p class="lead verdict">
        {newest.length === 0 ? 'Not evaluated' : `At its newest commit, ${judgement(newest)}`}
      </p>
      {items.map(({ specification, model, revision, state, updatedAt, evaluations }) => (
        <Section title={`As ${model}`}>
          <p>
            <a href={`/specifications/${specification}`}>{specification}</a>, {stateWords[state]},
            at <Commit revision={revision} url="" />, told <Time at={updatedAt} now={now} />
          </p>
          {evaluations.length === 0 ? (
            <Empty>No evaluation yet.</Empty>
          ) : (
            <JudgedEvaluations
              judged={evaluations}
              caption={`Evaluations of ${specification}`}
              now={now}
            />
          )}
        </Section>
      ))}
    </>,
  );
}
