/** Access tokens: what each may do, when it was used last, and how one is made. */
import type { TokenAnswer } from '#protocol/api/token.js';
import { Command, Empty, Section, Table, Time } from '../parts.js';
import { confirmPage } from './confirm.js';
import { deskPage, Post, type Visit } from './desk.js';
import { Choice, Faults, optionsOrNone, Text, type Filled, type Option } from './fields.js';

const here = '/admin/tokens' as const;

/** What a token may do, in words; tokens that act for people say their role. */
export interface ListedToken extends TokenAnswer {
  readonly says: string;
}

export interface TokensModel {
  readonly visit: Visit;
  readonly tokens: readonly ListedToken[];
  readonly form: Filled;
  readonly stores: readonly string[];
  readonly specifications: readonly string[];
}

export function tokensPage(model: TokensModel): string {
  const { visit, tokens } = model;
  const live = tokens.filter(({ state }) => state === 'good');
  const past = tokens.filter(({ state }) => state !== 'good');
  return deskPage(
    { title: 'Tokens', here, visit },
    <>
      <Faults faults={model.form.faults} />
      {live.length === 0 ? <Empty>No token is good now.</Empty> : null}
      {live.length > 0 ? <List tokens={live} visit={visit} caption="Good now" /> : null}
      <Make {...model} />
      {past.length > 0 ? (
        <details>
          <summary>Expired and revoked ones</summary>
          <List tokens={past} visit={visit} caption="Good no more" />
        </details>
      ) : null}
    </>,
  );
}

interface ListProps {
  readonly tokens: readonly ListedToken[];
  readonly visit: Visit;
  readonly caption: string;
}

function List({ tokens, visit: { now }, caption }: ListProps) {
  return (
    <>
      <h2>{caption}</h2>
      <Table head={['Token', 'May', 'State', 'Made', 'Used last', 'Ends', 'Actions']}>
        {tokens.map((token) => (
          <tr>
            <td>{token.name}</td>
            <td>{token.says}</td>
            <td>{token.state}</td>
            <td>
              <Time at={token.createdAt} now={now} />
            </td>
            <td>{token.lastUsedAt ? <Time at={token.lastUsedAt} now={now} /> : 'never'}</td>
            <td>{token.expiresAt ? <Time at={token.expiresAt} now={now} /> : 'never'}</td>
            <td>
              {token.state === 'good' ? (
                <a href={`${here}/${token.id}/revoke`}>
                  Revoke<span class="unseen"> {token.name}</span>
                </a>
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

const tokenKinds: readonly Option[] = [
  ['read', 'read a store or a specification’s'],
  ['write', 'push to a store, or have a specification evaluated'],
  ['role:viewer', 'see the administration'],
  ['role:maintainer', 'maintain specifications'],
  ['role:operator', 'operate the farm'],
  ['role:admin', 'do everything'],
];

const tokenLives: readonly Option[] = [
  ['7776000', '90 days'],
  ['604800', 'a week'],
  ['31536000', 'a year'],
  ['', 'for ever'],
];

function Make({ visit, form, stores, specifications }: TokensModel) {
  return (
    <Section title="Make a token">
      <Post visit={visit} to={here} class="form">
        <Text form={form} name="name" label="Holder" about="Who or what will hold it." required />
        <Choice form={form} name="may" label="It may" options={tokenKinds} />
        <Choice form={form} name="store" label="Store" options={optionsOrNone('–', stores)} />
        <Choice
          {...{ form, name: 'specification', label: 'Specification' }}
          options={optionsOrNone('–', specifications)}
          about="A maintainer needs one; other roles may be bound to one."
        />
        <Choice form={form} name="lifeSeconds" label="Good for" options={tokenLives} />
        <p class="buttons">
          <button>Make it</button>
        </p>
      </Post>
    </Section>
  );
}

export function madeTokenPage(model: {
  readonly visit: Visit;
  readonly name: string;
  readonly token: string;
}): string {
  const { visit, name, token } = model;
  return deskPage(
    { title: `The token of ${name}`, here, visit },
    <>
      <p class="warning">It is shown here once: the farm keeps only its hash.</p>
      <Command text={token} />
      <p>
        Whoever shows it sends <code>Authorization: Bearer TOKEN</code>.{' '}
        <a href={here}>All tokens</a>
      </p>
    </>,
  );
}

export function revokeTokenPage(visit: Visit, token: ListedToken): string {
  return confirmPage({
    ...{ visit, here, word: 'Revoke it', back: here, to: `${here}/${token.id}/revoke` },
    question: `Revoke the token of ${token.name}?`,
    consequences: [
      'It is refused everywhere from now on; that cannot be taken back.',
      `It may ${token.says}.`,
    ],
  });
}
