/** Keys and settings as the farm reads them. Neither is changed here; no secret is shown. */
import type { UseAnswer } from '#protocol/api/use.js';
import { Command, Empty, Section, Table } from '../parts.js';
import { deskPage, type Visit } from './desk.js';

export interface KeysModel {
  readonly visit: Visit;
  readonly stores: UseAnswer['stores'];
}

export function keysPage({ visit, stores }: KeysModel): string {
  return deskPage(
    { title: 'Signing keys', here: '/admin/keys', visit },
    <>
      <p>
        The substituter alone reads the secret halves. Keys are made, taken in and chosen on its
        machine: <code>gambeson key list</code> tells which sign and which rest.
      </p>
      {stores.map((store) => (
        <Section title={store.slug}>
          {store.keys.length === 0 ? <Empty>It tells no key.</Empty> : null}
          {store.keys.length > 1 ? (
            <p>
              {store.keys.length} keys sign: a rotation is under way. Take the old one away when all
              clients have the new one.
            </p>
          ) : null}
          {store.keys.map(({ text, fingerprint }) => (
            <>
              <Command text={text.trim()} />
              <p class="quiet break">SHA-256 {fingerprint}</p>
            </>
          ))}
        </Section>
      ))}
      <h2>Change keys</h2>
      <Command
        text={'gambeson key generate --store STORE --name NAME\ngambeson key public --store STORE'}
      />
    </>,
  );
}

/** `value` is for people; secrets are never among them. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string;
}

export function settingsPage(model: {
  readonly visit: Visit;
  readonly settings: readonly ShownSetting[];
}): string {
  return deskPage(
    { title: 'Settings', here: '/admin/settings', visit: model.visit },
    <>
      <p>
        As this process read them when it started. They are changed in its environment; the next
        start reads them again.
      </p>
      <Table head={['Setting', 'Value']}>
        {model.settings.map(({ name, value }) => (
          <tr>
            <th scope="row">{name}</th>
            <td class="break">{value}</td>
          </tr>
        ))}
      </Table>
    </>,
  );
}
