/** Stores as they are published, what is kept in them by hand, and the upstreams of them. */
import type { PinAnswer, ReleaseAnswer } from '#protocol/api/retention.js';
import type { StoreAnswer } from '#protocol/api/store.js';
import type { UpstreamAnswer } from '#protocol/api/upstream.js';
import { may } from '#domain/access/actor.js';
import { Empty, Section, Table, Time } from '../parts.js';
import { deskPage, Do, NotYours, Post, type Visit } from './desk.js';
import { Conflict, type ConflictModel } from './conflict.js';
import {
  Box,
  Choice,
  Faults,
  Lines,
  optionsOf,
  Seen,
  Text,
  type Filled,
  type Option,
} from './fields.js';

const here = '/admin/stores' as const;

export interface StoresModel {
  readonly visit: Visit;
  readonly stores: readonly StoreAnswer[];
  readonly upstreams: readonly UpstreamAnswer[];
  readonly pins: readonly PinAnswer[];
  readonly releases: readonly ReleaseAnswer[];
  readonly form: Filled;
}

export function storesPage(model: StoresModel): string {
  const { visit, form } = model;
  return deskPage(
    { title: 'Stores', here, visit },
    <>
      <Faults faults={form.faults} />
      <StoreList {...model} />
      <UpstreamList {...model} />
      <Pins {...model} />
      <Releases {...model} />
      {may(visit.actor, 'store.manage') ? <AddStore visit={visit} form={form} /> : null}
    </>,
  );
}

function StoreList({ stores, visit }: StoresModel) {
  const changes = may(visit.actor, 'store.manage');
  return (
    <Table head={['Store', 'Directory', 'Kind', 'Address', 'Read by', 'Mode']}>
      {stores.map((one) => (
        <tr>
          <td>{changes ? <a href={`${here}/${one.slug}`}>{one.slug}</a> : one.slug}</td>
          <td>{one.dir}</td>
          <td>{one.kind}</td>
          <td class="break">{one.address}</td>
          <td>{one.private ? 'a token' : 'everybody'}</td>
          <td>{one.mode}</td>
        </tr>
      ))}
    </Table>
  );
}

function UpstreamList(model: StoresModel) {
  const { upstreams, visit } = model;
  return (
    <Section title="Asked before anything is built">
      {upstreams.length === 0 ? <Empty>Nobody.</Empty> : null}
      {upstreams.length > 0 ? (
        <Table head={['Upstream', 'For', 'State', 'Answered last', 'Actions']}>
          {upstreams.map((one) => (
            <tr>
              <td class="break">{one.url}</td>
              <td>{one.store}</td>
              <td>
                {one.failingSince === null ? (
                  'answers'
                ) : (
                  <>
                    fails since <Time at={one.failingSince} now={visit.now} />: {one.fault}
                  </>
                )}
              </td>
              <td>
                <Time at={one.answeredAt} now={visit.now} />
              </td>
              <td>
                {may(visit.actor, 'upstream.manage') ? (
                  <Do
                    {...{ visit, word: 'Ask no more', of: one.url }}
                    to={`/admin/upstreams/${one.id}/remove`}
                  />
                ) : null}
              </td>
            </tr>
          ))}
        </Table>
      ) : null}
      {may(visit.actor, 'upstream.manage') ? <AddUpstream {...model} /> : null}
    </Section>
  );
}

function AddUpstream({ visit, form, stores }: StoresModel) {
  return (
    <Post visit={visit} to="/admin/upstreams" class="form line">
      <Choice
        {...{ form, name: 'store', label: 'For the store' }}
        options={optionsOf(stores.map(({ slug }) => slug))}
      />
      <Text form={form} name="url" label="Address" about="Of a substitute server." required />
      <Lines
        {...{ form, name: 'publicKeys', label: 'Keys that it signs with' }}
        about="An empty line between two."
      />
      <Text form={form} name="position" label="Position" about="The lower, the sooner asked." />
      <p class="buttons">
        <button>Ask it</button>
      </p>
    </Post>
  );
}

function Pins({ pins, visit, form }: StoresModel) {
  return (
    <Section title="Pins">
      {pins.length === 0 ? <Empty>No path is pinned.</Empty> : null}
      {pins.length > 0 ? (
        <Table head={['Path', 'Store', 'Note', 'Until', 'Actions']}>
          {pins.map((one) => (
            <tr>
              <td class="break">{one.path}</td>
              <td>{one.store}</td>
              <td class="break">{one.note}</td>
              <td>{one.expiresAt ? <Time at={one.expiresAt} now={visit.now} /> : 'removed'}</td>
              <td>
                <Do
                  {...{ visit, word: 'Let go', of: one.path }}
                  to={`/admin/pins/${one.id}/remove`}
                />
              </td>
            </tr>
          ))}
        </Table>
      ) : null}
      <Post visit={visit} to="/admin/pins" class="form line">
        <Text form={form} name="path" label="Store path" required />
        <Text form={form} name="pinNote" label="Note" />
        <p class="buttons">
          <button>Pin it</button>
        </p>
      </Post>
    </Section>
  );
}

function Releases({ releases, visit, form }: StoresModel) {
  return (
    <Section title="Releases">
      {releases.length === 0 ? <Empty>There is none.</Empty> : null}
      {releases.length > 0 ? (
        <Table head={['Release', 'Evaluation', 'Note', 'Until', 'Actions']}>
          {releases.map((one) => (
            <tr>
              <td>{one.name}</td>
              <td>
                <a href={`/evaluations/${one.evaluation}`}>{one.evaluation}</a>
                <div class="quiet">{one.specification}</div>
              </td>
              <td class="break">{one.note}</td>
              <td>{one.expiresAt ? <Time at={one.expiresAt} now={visit.now} /> : 'removed'}</td>
              <td>
                <Do
                  {...{ visit, word: 'Let go', of: `release ${one.name}` }}
                  to={`/admin/releases/${one.id}/remove`}
                />
              </td>
            </tr>
          ))}
        </Table>
      ) : null}
      <Post visit={visit} to="/admin/releases" class="form line">
        <Text form={form} name="name" label="Name" required />
        <Text form={form} name="evaluation" label="Evaluation" about="Its number." required />
        <Text form={form} name="releaseNote" label="Note" />
        <p class="buttons">
          <button>Release it</button>
        </p>
      </Post>
    </Section>
  );
}

const kinds: readonly Option[] = [
  ['pushed', 'for pushes'],
  ['untrusted', 'for what untrusted requests build'],
];

function AddStore({ visit, form }: { visit: Visit; form: Filled }) {
  return (
    <Section title="Add a store">
      <Post visit={visit} to={here} class="form line">
        <Text form={form} name="slug" label="Slug" about="Its address." required />
        <Text form={form} name="dir" label="Directory" about="/nix/store" required />
        <Choice form={form} name="kind" label="Kind" options={kinds} />
        <p class="buttons">
          <button>Add it</button>
        </p>
      </Post>
    </Section>
  );
}

export interface StoreModel {
  readonly visit: Visit;
  readonly store: StoreAnswer;
  readonly form: Filled;
  readonly conflict: ConflictModel | null;
}

export function storePage({ visit, store, form, conflict }: StoreModel): string {
  if (!may(visit.actor, 'store.manage')) {
    return deskPage({ title: store.slug, here, visit }, <NotYours what="change it" />);
  }
  return deskPage(
    { title: `Store ${store.slug}`, here, visit },
    <>
      <p class="lead">
        {store.dir}, {store.kind}, at <span class="break">{store.address}</span>
      </p>
      {conflict === null ? <Faults faults={form.faults} /> : <Conflict model={conflict} />}
      <Post visit={visit} to={`${here}/${store.slug}`} class="form">
        <Seen form={form} />
        <Text form={form} name="host" label="Host" about="Empty: below its slug alone." />
        <Choice
          {...{ form, name: 'mode', label: 'What upstreams have' }}
          options={[
            ['mirror', 'is mirrored'],
            ['rely', 'is left to them'],
          ]}
        />
        <Text form={form} name="priority" label="Priority" about="The lower, the sooner asked." />
        <Text form={form} name="ttlSeconds" label="Narinfos are good for" about="Seconds." />
        <Box form={form} name="private" label="Read with a token alone" />
        <Lines
          {...{ form, name: 'trustedKeys', label: 'Keys whose pushed paths are taken over' }}
          about="An empty line between two."
        />
        <p class="buttons">
          <button>Save</button>
        </p>
      </Post>
    </>,
  );
}

export function storeFields(store: StoreAnswer): [string, string][] {
  return [
    ['host', store.host ?? ''],
    ['mode', store.mode],
    ['priority', String(store.priority)],
    ['ttlSeconds', String(store.ttlSeconds)],
    ...(store.private ? ([['private', 'on']] as [string, string][]) : []),
    ['trustedKeys', store.trustedKeys.join('\n\n')],
  ];
}
