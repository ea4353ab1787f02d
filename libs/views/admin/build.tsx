/** One build to those who may restart, cancel or hurry it. */
import { may, type Action } from '#domain/access/actor.js';
import { mayBuild } from '#domain/build/status.js';
import type { BuildAnswer } from '#protocol/api/build.js';
import { Section, Status } from '../parts.js';
import { deskPage, Do, NotYours, Post, type Visit } from './desk.js';
import { Box, Choice, filled } from './fields.js';

export interface AdminBuildModel {
  readonly visit: Visit;
  readonly build: BuildAnswer;
}

export function adminBuildPage({ visit, build }: AdminBuildModel): string {
  const { id, name, status, reason, wait } = build;
  const of = build.jobs[0]?.specification;
  const mine = (action: Action): boolean => may(visit.actor, action, of);
  const nothing = !(['build.restart', 'build.cancel', 'build.bump'] as const).some(mine);
  return deskPage(
    { title: `Build ${id}: ${name}`, here: '/admin/evaluations', visit },
    <>
      <p class="lead">
        <Status status={status} note={reason} /> {wait?.sentence}
      </p>
      <p>
        <a href={`/builds/${id}`}>Its page</a>
      </p>
      {mine('build.restart') ? <Restart visit={visit} build={build} /> : null}
      {mine('build.cancel') ? <Cancel visit={visit} build={build} /> : null}
      {mine('build.bump') ? <Bump visit={visit} build={build} /> : null}
      {nothing ? <NotYours what="change it" /> : null}
    </>,
  );
}

function Restart({ visit, build }: AdminBuildModel) {
  return (
    <Section title="Restart">
      <Post visit={visit} to={`/admin/builds/${build.id}/restart`} class="form">
        <Choice
          {...{ form: filled(), name: 'mode', label: 'Schedule again' }}
          options={[
            ['with-failed-dependents', 'it, and what failed because of it'],
            ['only', 'it alone'],
          ]}
          about={
            mayBuild('restart', build.status)
              ? 'What a worker needs of it is built anew.'
              : `It is ${build.status}: only what failed because of it can be scheduled again.`
          }
        />
        <p class="buttons">
          <button>Restart</button>
        </p>
      </Post>
    </Section>
  );
}

function Cancel({ visit, build }: AdminBuildModel) {
  if (!mayBuild('cancel', build.status)) return null;
  return (
    <Section title="Cancel">
      <Post visit={visit} to={`/admin/builds/${build.id}/cancel`} class="form">
        <p>A worker that builds it ends it. What needs it waits until it is restarted.</p>
        <Box
          {...{ form: filled(), name: 'force' }}
          label="Even when several evaluations that go on need it"
        />
        <p class="buttons">
          <button class="danger">Cancel the build</button>
        </p>
      </Post>
    </Section>
  );
}

function Bump({ visit, build }: AdminBuildModel) {
  if (build.status !== 'scheduled') return null;
  const urgent = build.priority === 0;
  return (
    <Section title="Hurry">
      <p>
        {urgent
          ? 'It has priority 0: nothing goes before it.'
          : `It has priority ${build.priority}. At 0 it goes before all others, with its inputs.`}
      </p>
      {urgent ? null : (
        <Do
          {...{ visit, word: 'To the front', of: `build ${build.id}` }}
          to={`/admin/builds/${build.id}/bump`}
        />
      )}
    </Section>
  );
}
