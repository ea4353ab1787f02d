/** Who changed what: the audit log by filters, and one entry whole. */
import type { ChainedEntry } from '#domain/access/audit-chain.js';
import { actions } from '#domain/access/actor.js';
import { Empty, Section, Table, Time } from '../parts.js';
import { deskPage, type Visit } from './desk.js';
import { Choice, optionsOrNone, Text, type Filled } from './fields.js';

const here = '/admin/audit' as const;

export interface AuditModel {
  readonly visit: Visit;
  readonly form: Filled;
  readonly entries: readonly ChainedEntry[];
  /** The number before which the next page is; null on the last. */
  readonly next: number | null;
}

export function auditPage(model: AuditModel): string {
  const { visit, form, entries, next } = model;
  const older = new URLSearchParams([...form.values, ['before', String(next)]]);
  return deskPage(
    { title: 'Audit log', here, visit },
    <>
      <form method="get" action={here} class="form line">
        <Text form={form} name="actor" label="Who" />
        <Choice form={form} name="action" label="What" options={optionsOrNone('any', actions)} />
        <Text form={form} name="subject" label="On what" about="worker/7, or worker/ for all." />
        <p class="buttons">
          <button>Show</button>
        </p>
      </form>
      {entries.length === 0 ? (
        <Empty>Nobody did anything of that kind.</Empty>
      ) : (
        <Entries entries={entries} now={visit.now} />
      )}
      {next === null ? null : (
        <p>
          <a href={`${here}?${older.toString()}`}>Earlier ones</a>
        </p>
      )}
      <p class="quiet">
        Each entry bears the hash of the one before it: <code>gambeson audit verify</code> finds one
        that was altered, taken away or moved.
      </p>
    </>,
  );
}

export function Entries({ entries, now }: { entries: readonly ChainedEntry[]; now: Date }) {
  return (
    <Table head={['Entry', 'When', 'Who', 'What', 'On what', 'Outcome']}>
      {entries.map((one) => (
        <tr>
          <td>
            <a href={`${here}/${one.id}`}>{one.id}</a>
          </td>
          <td>
            <Time at={one.at} now={now} />
          </td>
          <td>
            {one.actor.name}
            <div class="quiet">
              {one.actor.role}, {one.actor.via}
            </div>
          </td>
          <td>{one.action}</td>
          <td class="break">{one.subject}</td>
          <td>{one.outcome}</td>
        </tr>
      ))}
    </Table>
  );
}

export function auditEntryPage({ visit, entry }: { visit: Visit; entry: ChainedEntry }): string {
  const { actor, before, after, asked } = entry;
  const facts: readonly (readonly [string, string | null])[] = [
    ['When', entry.at],
    ['Who', `${actor.name} (${actor.role}, ${actor.via})`],
    ['Token', actor.token],
    ['Certificate', actor.fingerprint],
    ['On what', entry.subject],
    ['Outcome', entry.outcome],
    ['Hash', entry.hash],
    ['Hash of the one before', entry.previous],
  ];
  return deskPage(
    { title: `Entry ${entry.id}: ${entry.action}`, here, visit },
    <>
      <dl>
        {facts.map(([word, value]) =>
          value === null ? null : (
            <>
              <dt>{word}</dt>
              <dd class="break">{value}</dd>
            </>
          ),
        )}
      </dl>
      <Document title="What was asked" value={asked} />
      <Document title="Before" value={before} />
      <Document title="After" value={after} />
      <p>
        <a href={here}>The whole log</a>
      </p>
    </>,
  );
}

function Document({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <Section title={title}>
      <pre class="command" tabindex={0} aria-label={title}>
        <code>{JSON.stringify(value, null, 2)}</code>
      </pre>
    </Section>
  );
}
