/** What was told to whom, what they answered, and how to tell it again. */
import type { NotificationAnswer, NotificationDetail } from '#protocol/api/notification.js';
import { notificationStates } from '#protocol/api/notification.js';
import { Empty, Section, Table, Time } from '../parts.js';
import { plural } from '../words.js';
import { deskPage, Do, Post, type Visit } from './desk.js';
import { Choice, filled, optionsOf, optionsOrNone, type Filled } from './fields.js';

const here = '/admin/notifications' as const;

export interface NotificationsModel {
  readonly visit: Visit;
  /** The filter: `specification`, `state`. */
  readonly form: Filled;
  readonly specifications: readonly string[];
  readonly items: readonly NotificationAnswer[];
  readonly next: string | null;
}

export function notificationsPage(model: NotificationsModel): string {
  const { visit, form, items, specifications, next } = model;
  const older = new URLSearchParams([...form.values, ['cursor', next ?? '']]);
  return deskPage(
    { title: 'Notifications', here, visit },
    <>
      <form method="get" action={here} class="form line">
        <Choice
          {...{ form, name: 'specification', label: 'Specification' }}
          options={optionsOrNone('any', specifications)}
        />
        <Choice
          form={form}
          name="state"
          label="State"
          options={optionsOrNone('any', notificationStates)}
        />
        <p class="buttons">
          <button>Show</button>
        </p>
      </form>
      {items.length === 0 ? <Empty>Nothing of that kind was told.</Empty> : <List model={model} />}
      {next === null ? null : (
        <p>
          <a href={`${here}?${older.toString()}`}>Older ones</a>
        </p>
      )}
      <Trial visit={visit} specifications={specifications} />
    </>,
  );
}

function List({ model: { items, visit } }: { model: NotificationsModel }) {
  return (
    <Table head={['Message', 'To', 'State', 'Tells of', 'Last answer', 'Made', 'Actions']}>
      {items.map((one) => (
        <tr>
          <td>
            <a href={`${here}/${one.id}`}>{one.id}</a>
            <div class="quiet">{one.specification}</div>
          </td>
          <td class="break">{one.receiver}</td>
          <td>{one.state}</td>
          <td>{one.evaluation === null ? 'a trial' : plural(one.changes, 'job')}</td>
          <td class="break">{one.lastAnswer ?? '–'}</td>
          <td>
            <Time at={one.createdAt} now={visit.now} />
          </td>
          <td>
            <Do visit={visit} to={`${here}/${one.id}/resend`} word="Send again" of={one.id} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Trial({ visit, specifications }: { visit: Visit; specifications: readonly string[] }) {
  if (specifications.length === 0) return null;
  return (
    <Section title="Try it">
      <Post visit={visit} to={`${here}/test`} class="form line">
        <Choice
          form={filled()}
          name="of"
          label="Tell the receivers of"
          options={optionsOf(specifications)}
        />
        <p class="buttons">
          <button>Send a trial</button>
        </p>
      </Post>
    </Section>
  );
}

export function notificationPage(model: {
  readonly visit: Visit;
  readonly one: NotificationDetail;
}): string {
  const { visit, one } = model;
  return deskPage(
    { title: `Message ${one.id}`, here, visit },
    <>
      <p class="lead break">
        {one.state}, to {one.receiver}, of {one.specification}
      </p>
      {one.nextTryAt === null ? null : (
        <p>
          Tried again <Time at={one.nextTryAt} now={visit.now} />
        </p>
      )}
      <Do
        visit={visit}
        to={`${here}/${one.id}/resend`}
        word="Send again"
        of={`message ${one.id}`}
      />
      <h2>Tries</h2>
      {one.tries.length === 0 ? (
        <Empty>It was not tried yet.</Empty>
      ) : (
        <Tries one={one} now={visit.now} />
      )}
      <h2>What it tells</h2>
      {one.told.length === 0 ? (
        <Empty>That this is a trial.</Empty>
      ) : (
        <Jobs one={one} now={visit.now} />
      )}
    </>,
  );
}

function Tries({ one, now }: { one: NotificationDetail; now: Date }) {
  return (
    <Table head={['Try', 'When', 'Took', 'Delivered', 'Answer']}>
      {one.tries.map((tried) => (
        <tr>
          <td class="number">{tried.number}</td>
          <td>
            <Time at={tried.triedAt} now={now} />
          </td>
          <td class="number">{tried.milliseconds} ms</td>
          <td>{tried.delivered ? 'yes' : 'no'}</td>
          <td class="break">{tried.answer}</td>
        </tr>
      ))}
    </Table>
  );
}

function Jobs({ one, now }: { one: NotificationDetail; now: Date }) {
  return (
    <Table head={['Job', 'System', 'What', 'When']}>
      {one.told.map((job) => (
        <tr>
          <td>
            <a href={`/builds/${job.build}`}>{job.job}</a>
          </td>
          <td>{job.system}</td>
          <td>{job.status}</td>
          <td>
            <Time at={job.changedAt} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
