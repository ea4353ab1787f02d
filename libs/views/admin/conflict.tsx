/** Somebody else was faster: what each of the two changed, so that nothing is lost unseen. */
import type { Difference } from '#domain/specification/apply-plan.js';
import { Table } from '../parts.js';

export interface ConflictModel {
  /** What the form was made of, in words: `version 3`. */
  readonly seen: string;
  readonly stands: string;
  /** Where what stands is edited. */
  readonly address: string;
  /** From what was seen to what stands now. */
  readonly theirs: readonly Difference[];
  /** From what was seen to what the form says. */
  readonly yours: readonly Difference[];
}

export function Conflict({ model }: { model: ConflictModel }) {
  const { seen, stands, address, theirs, yours } = model;
  const fields = [...new Set([...yours, ...theirs].map(({ field }) => field))];
  return (
    <section aria-labelledby="conflict">
      <h2 id="conflict">Somebody else was faster</h2>
      <p class="fault" role="alert">
        You changed {seen}, and {stands} stands now. Nothing of yours is saved yet: the form below
        still says what you wrote. Saving it now replaces {stands} by it, with what the other
        changed.
      </p>
      <p>
        <a href={address}>Begin anew from {stands}</a>
      </p>
      <Table head={['Field', inFront(seen), `${inFront(stands)}, which stands`, 'Yours']}>
        {fields.map((field) => (
          <Row field={field} theirs={theirs} yours={yours} />
        ))}
      </Table>
    </section>
  );
}

function inFront(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

interface RowProps {
  readonly field: string;
  readonly theirs: readonly Difference[];
  readonly yours: readonly Difference[];
}

function Row({ field, theirs, yours }: RowProps) {
  const their = theirs.find((one) => one.field === field);
  const your = yours.find((one) => one.field === field);
  const before = (their ?? your)?.before;
  return (
    <tr>
      <th scope="row">{field}</th>
      <td>
        <Value of={before} />
      </td>
      <td>{their ? <Value of={their.after} /> : <span class="quiet">as before</span>}</td>
      <td>{your ? <Value of={your.after} /> : <span class="quiet">as before</span>}</td>
    </tr>
  );
}

function Value({ of }: { of: unknown }) {
  if (of === undefined || of === '') return <span class="quiet">none</span>;
  return <code class="break">{typeof of === 'string' ? of : JSON.stringify(of)}</code>;
}
