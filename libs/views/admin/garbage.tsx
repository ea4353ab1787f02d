/** Collections of garbage: what one would let go, what the last ones did, and short disks. */
import type { CollectionAnswer, FarmAnswer } from '#protocol/api/retention.js';
import { Empty, Section, Table, Time } from '../parts.js';
import { bytes, count, plural } from '../words.js';
import { confirmPage } from './confirm.js';
import { deskPage, Post, type Visit } from './desk.js';
import { Faults, Text, type Filled } from './fields.js';

const here = '/admin/garbage' as const;

export interface GarbageModel {
  readonly visit: Visit;
  readonly farm: FarmAnswer;
  readonly items: readonly CollectionAnswer[];
  readonly next: string | null;
  readonly form: Filled;
}

export function garbagePage(model: GarbageModel): string {
  const { visit, farm, items, next, form } = model;
  return deskPage(
    { title: 'Garbage', here, visit },
    <>
      <Faults faults={form.faults} />
      <Disks farm={farm} now={visit.now} />
      <Section title="Look first">
        <p>A dry run says what would go and how much that is. It lets nothing go.</p>
        <Post visit={visit} to={here} class="form line">
          <Wanted form={form} />
          <p class="buttons">
            <button name="dryRun" value="yes">
              Dry run
            </button>{' '}
            <button class="danger" formaction={`${here}/confirm`}>
              Collect …
            </button>
          </p>
        </Post>
      </Section>
      <h2>Collections</h2>
      {items.length === 0 ? (
        <Empty>There was none yet.</Empty>
      ) : (
        <List items={items} now={visit.now} />
      )}
      {next === null ? null : (
        <p>
          <a href={`${here}?cursor=${next}`}>Older ones</a>
        </p>
      )}
    </>,
  );
}

function Wanted({ form }: { form: Filled }) {
  return (
    <Text
      {...{ form, name: 'wantedGib', label: 'Until so many GiB are let go' }}
      about="Empty: all that nothing keeps."
    />
  );
}

function Disks({ farm, now }: { farm: FarmAnswer; now: Date }) {
  if (farm.disks.length === 0) return <p>No disk of the farm is short.</p>;
  return (
    <Table head={['Disk', 'Free', 'Of', 'Holds back', 'Since']}>
      {farm.disks.map((disk) => (
        <tr>
          <td>{disk.place}</td>
          <td class="number">{bytes(disk.freeBytes)}</td>
          <td class="number">{bytes(disk.totalBytes)}</td>
          <td>{disk.level === 'soft' ? 'evaluations' : 'evaluations and uploads'}</td>
          <td>
            <Time at={disk.since} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

const wishers = { person: 'a person', clock: 'the clock', disk: 'a short disk' } as const;

function List({ items, now }: { items: readonly CollectionAnswer[]; now: Date }) {
  return (
    <Table head={['Collection', 'Kind', 'Asked by', 'When', 'State', 'Lets go']}>
      {items.map((one) => (
        <tr>
          <td>
            <a href={`${here}/${one.id}`}>{one.id}</a>
          </td>
          <td>{one.dryRun ? 'dry run' : 'collection'}</td>
          <td>{wishers[one.wishedBy]}</td>
          <td>
            <Time at={one.requestedAt} now={now} />
          </td>
          <td>{one.fault ?? one.phase}</td>
          <td class="number">
            {bytes(one.bytes)} in {plural(one.paths, 'path')}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function collectionPage({ visit, one }: { visit: Visit; one: CollectionAnswer }): string {
  const ended = one.finishedAt !== null;
  const would = one.dryRun ? 'would go' : 'went';
  const told: readonly (readonly [string, string])[] = [
    ['Evaluations', count(one.evaluations)],
    ['Derivations', count(one.derivations)],
    ['Store paths', `${count(one.paths)} of ${count(one.pathsLooked)} looked at`],
    ['Bytes', bytes(one.bytes)],
    ['Packs', count(one.packs)],
    ['Logs', count(one.logs)],
  ];
  return deskPage(
    { title: `${one.dryRun ? 'Dry run' : 'Collection'} ${one.id}`, here, visit },
    <>
      <p class="lead">
        {ended ? `${bytes(one.bytes)} ${would}` : `Under way: ${one.phase}`}
        {ended ? null : ', look again in a moment'}
      </p>
      {one.fault === null ? null : <p class="fault">{one.fault}</p>}
      <dl>
        {told.map(([word, value]) => (
          <>
            <dt>{word}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      {one.dryRun && ended ? (
        <Post visit={visit} to={`${here}/confirm`}>
          <p class="buttons">
            <button class="danger">Collect …</button>
          </p>
        </Post>
      ) : null}
      <p>
        <a href={here}>All collections</a>
      </p>
    </>,
  );
}

export function confirmCollectionPage(visit: Visit, wantedGib: string): string {
  return confirmPage({
    ...{ visit, here, word: 'Collect', back: here, to: here },
    question: 'Collect garbage now?',
    consequences: [
      wantedGib === ''
        ? 'All goes that no evaluation, pin or release keeps and nobody has used lately.'
        : `It ends when ${wantedGib} GiB are let go, those unused for the longest time first.`,
      'What goes cannot be fetched from the farm any more; what is wanted again is built again.',
    ],
    fields: [['wantedGib', wantedGib]],
  });
}
