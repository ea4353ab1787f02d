/** Forges: how they are heard, how their pull requests are built, and what they told. */
import type { ForgeAnswer, ForgeDeliveryAnswer, TemplateAnswer } from '#protocol/api/forge.js';
import type { ForgeTrial } from '#protocol/api/forge.js';
import { forgeKinds } from '#domain/forge/forge.js';
import { admissions } from '#domain/forge/request-template.js';
import { Empty, Section, Table, Time } from '../parts.js';
import { count } from '../words.js';
import { confirmPage } from './confirm.js';
import { Conflict, type ConflictModel } from './conflict.js';
import { deskPage, Do, Post, type Visit } from './desk.js';
import {
  Choice,
  Faults,
  filled,
  Lines,
  optionsOf,
  Seen,
  Text,
  type FieldFault,
  type Filled,
} from './fields.js';

const here = '/admin/forges' as const;

export interface ForgesModel {
  readonly visit: Visit;
  readonly forges: readonly ForgeAnswer[];
  readonly deliveries: readonly ForgeDeliveryAnswer[];
  readonly next: string | null;
  readonly form: Filled;
}

export function forgesPage(model: ForgesModel): string {
  const { visit, forges, deliveries, next, form } = model;
  return deskPage(
    { title: 'Forges', here, visit },
    <>
      <Faults faults={form.faults} />
      {forges.length === 0 ? <Empty>No forge is heard yet.</Empty> : <List model={model} />}
      <h2>What they told</h2>
      {deliveries.length === 0 ? <Empty>Nothing yet.</Empty> : null}
      {deliveries.length > 0 ? <Deliveries items={deliveries} visit={visit} /> : null}
      {next === null ? null : (
        <p>
          <a href={`${here}?cursor=${next}`}>Earlier</a>
        </p>
      )}
      <Section title="Hear another forge">
        <Post visit={visit} to={here} class="form">
          <Text
            form={form}
            name="name"
            label="Name"
            about="Small letters; part of its address."
            required
          />
          <ForgeFields form={form} />
          <p class="buttons">
            <button>Add it</button>
          </p>
        </Post>
      </Section>
    </>,
  );
}

function ForgeFields({ form }: { form: Filled }) {
  return (
    <>
      <Choice form={form} name="kind" label="Kind" options={optionsOf(forgeKinds)} />
      <Text form={form} name="address" label="Address" about="Of GitHub itself it may be empty." />
      <Text form={form} name="apiAddress" label="Address of its API" about="Empty: as usual." />
      <Lines
        {...{ form, name: 'secrets', label: 'Secrets' }}
        about="Names of credentials, one a line; two while one takes over."
      />
      <Text
        {...{ form, name: 'statusCredential', label: 'Credential for commit statuses' }}
        about="Empty: none are written."
      />
    </>
  );
}

function List({ model: { forges, visit } }: { model: ForgesModel }) {
  return (
    <Table head={['Forge', 'Kind', 'Address', 'Told last', 'Refused last', 'Actions']}>
      {forges.map((forge) => (
        <tr>
          <td>
            <a href={`${here}/${forge.name}`}>{forge.name}</a>
          </td>
          <td>{forge.kind}</td>
          <td class="break">{forge.address}</td>
          <td>
            <Time at={forge.lastDeliveryAt} now={visit.now} />
          </td>
          <td>
            {forge.refused ? (
              <>
                <Time at={forge.refused.at} now={visit.now} /> {forge.refused.why}
              </>
            ) : (
              'never'
            )}
          </td>
          <td>
            <div class="actions">
              <Do visit={visit} to={`${here}/${forge.name}/try`} word="Try" of={forge.name} />
              <a href={`${here}/${forge.name}/remove`}>
                Remove<span class="unseen"> {forge.name}</span>
              </a>
            </div>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Deliveries({ items, visit }: { items: readonly ForgeDeliveryAnswer[]; visit: Visit }) {
  return (
    <Table head={['Delivery', 'Forge', 'Event', 'Received', 'State', 'What followed', 'Actions']}>
      {items.map((one) => (
        <tr>
          <td class="break">{one.delivery}</td>
          <td>{one.forge}</td>
          <td>{one.event}</td>
          <td>
            <Time at={one.receivedAt} now={visit.now} />
            {one.repeated > 0 ? <div class="quiet">{count(one.repeated)} times again</div> : null}
          </td>
          <td>{one.state}</td>
          <td class="break">
            {one.outcome ?? '–'} {one.detail}
            {one.specifications.map((name) => (
              <>
                {' '}
                <a href={`/specifications/${name}`}>{name}</a>
              </>
            ))}
          </td>
          <td>
            {one.state === 'waiting' ? null : (
              <Do
                {...{ visit, word: 'Take again', of: `delivery ${one.delivery}` }}
                to={`/admin/forge-deliveries/${one.id}/again`}
              />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export interface ForgeModel {
  readonly visit: Visit;
  readonly forge: ForgeAnswer;
  readonly templates: readonly TemplateAnswer[];
  readonly specifications: readonly string[];
  /** Of the forge itself. */
  readonly form: Filled;
  readonly templateForm: Filled;
  readonly conflict: ConflictModel | null;
  readonly trial: ForgeTrial | null;
}

export function forgePage(model: ForgeModel): string {
  const { visit, forge, form, templateForm, trial, templates, conflict } = model;
  return deskPage(
    { title: `Forge ${forge.name}`, here, visit },
    <>
      {trial === null ? null : <Trial trial={trial} />}
      {conflict === null ? null : <Conflict model={conflict} />}
      <Faults faults={[...form.faults, ...templateForm.faults]} />
      <Post visit={visit} to={here} class="form">
        <input type="hidden" name="name" value={forge.name} />
        <Seen form={form} />
        <ForgeFields form={form} />
        <p class="buttons">
          <button>Save</button>
        </p>
      </Post>
      <h2>How its pull requests are built</h2>
      {templates.length === 0 ? <Empty>None are built.</Empty> : <Templates model={model} />}
      <AddTemplate model={model} />
    </>,
  );
}

function Trial({ trial }: { trial: ForgeTrial }) {
  return (
    <section aria-label="Trial">
      <p class={trial.ok ? 'told' : 'fault'} role="status">
        {trial.ok ? 'All is well with it.' : 'Not all is well with it.'}
      </p>
      <ul>
        {trial.steps.map(({ name, ok, detail }) => (
          <li>
            {name}: {ok ? 'good' : 'not good'}, {detail}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Templates({ model: { forge, templates, visit } }: { model: ForgeModel }) {
  return (
    <Table head={['Repository', 'As', 'Whose', 'Open', 'At most', 'Actions']}>
      {templates.map((one) => (
        <tr>
          <td class="break">{one.repository}</td>
          <td>{one.specification}</td>
          <td>
            {one.admits}
            {one.label === null ? '' : ` ${one.label}`}
          </td>
          <td class="number">{one.open}</td>
          <td class="number">{one.requestsAtMost}</td>
          <td>
            <Do
              {...{ visit, word: 'Remove', of: `the template of ${one.repository}` }}
              to={`${here}/${forge.name}/templates/${one.id}/remove`}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function AddTemplate({ model }: { model: ForgeModel }) {
  const { visit, forge, templateForm: form, specifications } = model;
  return (
    <Section title="Build the pull requests of a repository">
      <Post visit={visit} to={`${here}/${forge.name}/templates`} class="form">
        <Text form={form} name="repository" label="Repository" about="OWNER/NAME" required />
        <Choice
          {...{ form, name: 'specification', label: 'As this specification' }}
          options={optionsOf(specifications)}
        />
        <Choice form={form} name="admits" label="Whose" options={optionsOf(admissions)} />
        <Text form={form} name="label" label="Label" about="Where a label admits." />
        <Lines form={form} name="allowed" label="Accounts" about="Admitted always; one a line." />
        <Text form={form} name="requestsAtMost" label="Open at once, at most" />
        <Text form={form} name="maxRunning" label="Builds at once of each" />
        <Text form={form} name="priority" label="Priority" about="0 to 9." />
        <Text form={form} name="expiryHours" label="Let go after so many hours without news" />
        <p class="buttons">
          <button>Build them</button>
        </p>
      </Post>
    </Section>
  );
}

export function removeForgePage(
  visit: Visit,
  name: string,
  faults: readonly FieldFault[] = [],
): string {
  return confirmPage({
    form: filled([], faults),
    ...{ visit, here, word: 'Remove it', back: here, to: `${here}/${name}/remove`, typed: name },
    question: `Hear the forge ${name} no more?`,
    consequences: [
      'What it tells is refused from now on.',
      'The specifications of its pull requests are let go, and what only they wanted is canceled.',
    ],
  });
}

export function forgeFields(forge: ForgeAnswer): [string, string][] {
  const { kind, address, apiAddress, secrets, statusCredential } = forge;
  return [
    ...([
      ['kind', kind],
      ['address', address],
      ['apiAddress', apiAddress],
    ] as [string, string][]),
    ['secrets', secrets.join('\n')],
    ['statusCredential', statusCredential ?? ''],
  ];
}
