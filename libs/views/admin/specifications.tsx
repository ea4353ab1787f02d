/** Specifications to those who may change them: the list, and the page of one. */
import { keeperWords } from '#domain/specification/keeping.js';
import { may } from '#domain/access/actor.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { Empty, Table, Time } from '../parts.js';
import { plural } from '../words.js';
import { Conflict, type ConflictModel } from './conflict.js';
import { deskPage, Do, NotYours, Post, type Visit } from './desk.js';
import { Faults, type Filled } from './fields.js';
import { SpecificationFields } from './specification-form.js';

const here = '/admin/specifications' as const;

export interface SpecificationsModel {
  readonly visit: Visit;
  readonly specifications: readonly SpecificationAnswer[];
}

export function adminSpecificationsPage({ visit, specifications }: SpecificationsModel): string {
  return deskPage(
    { title: 'Specifications', here, visit },
    <>
      {may(visit.actor, 'specification.add') ? (
        <p>
          <a href={`${here}/add`}>Add a specification</a>
        </p>
      ) : null}
      {specifications.length === 0 ? (
        <Empty>There is none yet.</Empty>
      ) : (
        <Table head={['Specification', 'State', 'Priority', 'Kept by', 'Changed', 'Actions']}>
          {specifications.map((one) => (
            <Row one={one} visit={visit} />
          ))}
        </Table>
      )}
    </>,
  );
}

function Row({ one, visit }: { one: SpecificationAnswer; visit: Visit }) {
  const { name, specification } = one;
  const faults = one.channels.filter(({ error }) => error !== null).length;
  return (
    <tr>
      <td>
        <a href={`/specifications/${name}`}>{name}</a>
      </td>
      <td>
        {specification.active ? 'active' : 'paused'}
        {faults > 0 ? <div class="bad">{plural(faults, 'channel')} cannot be fetched</div> : null}
      </td>
      <td class="number">{specification.priority}</td>
      <td>{one.managedBy === null ? 'hand' : keeperWords(one.managedBy)}</td>
      <td>
        <Time at={one.updatedAt} now={visit.now} />
      </td>
      <td>
        <Actions one={one} visit={visit} edit />
      </td>
    </tr>
  );
}

interface ActionsProps {
  readonly one: SpecificationAnswer;
  readonly visit: Visit;
  readonly edit?: boolean;
}

function Actions({ one, visit, edit = false }: ActionsProps) {
  const { name, specification, managedBy } = one;
  const mine = (action: Parameters<typeof may>[1]): boolean => may(visit.actor, action, name);
  const turn = specification.active ? 'pause' : 'resume';
  const free = managedBy === null;
  return (
    <div class="actions">
      {edit ? (
        <a href={`${here}/edit/${name}`}>
          {free && mine('specification.edit') ? 'Edit' : 'Look'}
          <span class="unseen"> {name}</span>
        </a>
      ) : null}
      {specification.active && mine('evaluation.trigger') ? (
        <Do visit={visit} to={`${here}/trigger/${name}`} word="Evaluate now" of={name} />
      ) : null}
      {free && mine('specification.pause') ? (
        <Do
          {...{ visit, to: `${here}/${turn}/${name}`, of: name }}
          word={specification.active ? 'Pause' : 'Resume'}
          fields={{ version: String(one.version) }}
        />
      ) : null}
      {free && mine('specification.remove') ? (
        <a href={`${here}/remove/${name}`}>
          Remove<span class="unseen"> {name}</span>
        </a>
      ) : null}
    </div>
  );
}

export interface SpecificationFormModel {
  readonly visit: Visit;
  readonly form: Filled;
  /** Null: it is to be added. */
  readonly standing: SpecificationAnswer | null;
  readonly conflict: ConflictModel | null;
}

export function specificationFormPage(model: SpecificationFormModel): string {
  const { visit, form, standing, conflict } = model;
  const title = standing === null ? 'Add a specification' : `Specification ${standing.name}`;
  return deskPage(
    { title, here, visit },
    <>
      {standing === null ? null : <Standing one={standing} visit={visit} />}
      {conflict === null ? <Faults faults={form.faults} /> : <Conflict model={conflict} />}
      <Editor {...model} />
      {standing === null ? null : (
        <p class="quiet">
          The same for programs: <a href={`/api/v1/specifications/${standing.name}`}>JSON</a>.
        </p>
      )}
    </>,
  );
}

function Standing({ one, visit }: { one: SpecificationAnswer; visit: Visit }) {
  const { repository, managedBy, version } = one;
  return (
    <>
      <p class="lead">
        Version {version}, {one.specification.active ? 'active' : 'paused'}, changed{' '}
        <Time at={one.updatedAt} now={visit.now} />
      </p>
      {managedBy === null ? null : (
        <p class="warning">
          It is kept by {keeperWords(managedBy)}
          {repository?.appliedRevision ? ` at ${repository.appliedRevision.slice(0, 12)}` : ''}: it
          is changed there, and locked here.
        </p>
      )}
      <Actions one={one} visit={visit} />
    </>
  );
}

function Editor({ visit, form, standing }: SpecificationFormModel) {
  const name = standing?.name;
  const allowed =
    name === undefined
      ? may(visit.actor, 'specification.add')
      : may(visit.actor, 'specification.edit', name);
  const kept = standing !== null && standing.managedBy !== null;
  const locked = !allowed || kept;
  return (
    <Post
      visit={visit}
      to={name === undefined ? `${here}/add` : `${here}/edit/${name}`}
      class="form"
    >
      <fieldset class="plain" disabled={locked}>
        {standing === null ? null : (
          <input type="hidden" name="version" value={form.values.get('version') ?? ''} />
        )}
        {locked ? null : <Save name={name} />}
        <SpecificationFields form={form} named={name !== undefined} />
        {locked ? null : <Save name={name} />}
      </fieldset>
      {allowed ? null : <NotYours what="change it" />}
    </Post>
  );
}

/** The first button of the form is what Enter presses. */
function Save({ name }: { name: string | undefined }) {
  return (
    <p class="buttons">
      <button name="do" value="save">
        {name === undefined ? 'Add it' : 'Save'}
      </button>
    </p>
  );
}
