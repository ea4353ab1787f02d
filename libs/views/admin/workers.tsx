/** Workers to those who may pause, drain and remove them, one or many at once, and enrol others. */
import { may } from '#domain/access/actor.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { Command, Empty, Section, Status, Table, Time } from '../parts.js';
import { plural } from '../words.js';
import { confirmPage } from './confirm.js';
import { deskPage, NotYours, Post, Token, type Visit } from './desk.js';
import { Choice, Faults, Text, type Filled } from './fields.js';

const here = '/admin/workers' as const;

export interface AdminWorkersModel {
  readonly visit: Visit;
  readonly workers: readonly WorkerAnswer[];
  readonly form: Filled;
}

export function adminWorkersPage({ visit, workers, form }: AdminWorkersModel): string {
  return deskPage(
    { title: 'Workers', here, visit },
    <>
      <Faults faults={form.faults} />
      {workers.length === 0 ? (
        <Empty>No worker has enrolled yet.</Empty>
      ) : (
        <List visit={visit} workers={workers} form={form} />
      )}
      <Enrol visit={visit} form={form} />
    </>,
  );
}

function List({ visit, workers, form }: AdminWorkersModel) {
  return (
    <form method="post" action={`${here}/pause`}>
      <Token visit={visit} />
      <Table head={['Choose', 'State', 'Builds', 'Version', 'Seen']}>
        {workers.map((worker) => (
          <Row worker={worker} visit={visit} form={form} />
        ))}
      </Table>
      <Toolbar visit={visit} form={form} />
    </form>
  );
}

function Row({ worker, visit, form }: { worker: WorkerAnswer; visit: Visit; form: Filled }) {
  const { id, name, state, pauseNote, pauseUntil, running, slots } = worker;
  return (
    <tr>
      <td>
        <label class="box">
          <input
            type="checkbox"
            name="worker"
            value={id}
            checked={form.values.getAll('worker').includes(id)}
          />{' '}
          {name}
        </label>
      </td>
      <td>
        <Status status={state} note={pauseNote} />
        {pauseUntil === null ? null : (
          <div class="quiet">
            lifts <Time at={pauseUntil} now={visit.now} />
          </div>
        )}
      </td>
      <td>
        {running.length} of {plural(slots, 'slot')}
      </td>
      <td>{worker.version ?? '–'}</td>
      <td>
        <Time at={worker.lastSeenAt} now={visit.now} />
      </td>
    </tr>
  );
}

/** One button for each wish; each is sent to its own address with the chosen workers. */
function Toolbar({ visit, form }: { visit: Visit; form: Filled }) {
  const { actor } = visit;
  const [pauses, drains, removes] = (['pause', 'drain', 'remove'] as const).map((wish) =>
    may(actor, `worker.${wish}`),
  );
  if (!pauses && !drains && !removes) return <NotYours what="change them" />;
  return (
    <fieldset class="toolbar">
      <legend>With those that are chosen</legend>
      <Text form={form} name="note" label="Note" about="Why; people see it." />
      <Text
        {...{ form, name: 'until', label: 'Paused until', kind: 'datetime-local' }}
        about="In UTC; empty: until it is resumed."
      />
      <p class="buttons">
        {pauses ? <button formaction={`${here}/pause`}>Pause</button> : null}{' '}
        {drains ? <button formaction={`${here}/drain`}>Drain</button> : null}{' '}
        {pauses ? <button formaction={`${here}/resume`}>Resume</button> : null}{' '}
        {removes ? (
          <button class="danger" formaction={`${here}/confirm-remove`}>
            Remove …
          </button>
        ) : null}
      </p>
    </fieldset>
  );
}

export const lives = [
  ['3600', 'an hour'],
  ['86400', 'a day'],
  ['604800', 'a week'],
] as const;

function Enrol({ visit, form }: { visit: Visit; form: Filled }) {
  if (!may(visit.actor, 'worker.enrol')) return null;
  return (
    <Section title="Enrol a worker">
      <Post visit={visit} to={`${here}/enrol`} class="form">
        <Text form={form} name="for" label="For whom" about="A note; it names nothing." />
        <Choice form={form} name="seconds" label="The token is good for" options={lives} />
        <p class="buttons">
          <button>Make a one-time token</button>
        </p>
      </Post>
    </Section>
  );
}

export interface EnrolledModel {
  readonly visit: Visit;
  readonly token: string;
  readonly expiresAt: string;
  /** Where workers reach the farm. */
  readonly address: string;
}

export function enrolPage({ visit, token, expiresAt, address }: EnrolledModel): string {
  return deskPage(
    { title: 'A token for one worker', here, visit },
    <>
      <p class="warning">
        It is shown here once, and good for one worker. Leave this page when done.
      </p>
      <p>
        On the machine that is to build, write the token into a file that only its agent may read,
        and start the agent with it:
      </p>
      <Command text={token} />
      <Command
        text={[
          `node dist/apps/worker/main.js --farm ${address} \\`,
          '  --data DIRECTORY --name NAME --token-file token',
        ].join('\n')}
      />
      <p>
        It ends <Time at={expiresAt} now={visit.now} /> when nobody uses it.{' '}
        <a href={here}>All workers</a>
      </p>
    </>,
  );
}

export interface RemoveWorkersModel {
  readonly visit: Visit;
  readonly workers: readonly WorkerAnswer[];
}

export function removeWorkersPage({ visit, workers }: RemoveWorkersModel): string {
  const names = workers.map(({ name }) => name).join(', ');
  const building = workers.reduce((sum, { running }) => sum + running.length, 0);
  return confirmPage({
    ...{ visit, here, word: workers.length === 1 ? 'Remove it' : 'Remove them', back: here },
    question: `Remove ${names}?`,
    consequences: [
      `${plural(workers.length, 'worker')} can connect no more; the credential opens nothing.`,
      building === 0
        ? 'Nothing is being built there now.'
        : `${plural(building, 'build')} that run there now go to others.`,
      'What they built stays. To come back, a machine must enrol anew.',
    ],
    to: `${here}/remove`,
    fields: workers.map(({ id }) => ['worker', id] as const),
  });
}
