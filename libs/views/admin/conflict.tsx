/** Somebody else was faster: what each of the two changed, so that nothing is lost unseen. */
import type { Difference } from '#domain/specification/apply-plan.js';
import { Table } from '../parts.js';

export interface ConflictModel {
  /** What the form was made of. */
  readonly seen: number;
  readonly stands: number;
  /** Where version `stands` is edited. */
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
        You changed version {seen}, and version {stands} stands now. Nothing of yours is saved yet:
        the form below still says what you wrote. Saving it now replaces version {stands} by it,
        with what the other changed.
      </p>
      <p>
        <a href={address}>Begin anew from version {stands}</a>
      </p>
      <Table head={['Field', `Version ${seen}`, `Version ${stands}, which stands`, 'Yours']}>
        {fields.map((field) => (
          <Row field={field} theirs={theirs} yours={yours} />
        ))}
      </Table>
    </section>
  );
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
  if (of === undefined) return <span class="quiet">none</span>;
  return <code class="break">{typeof of === 'string' ? of : JSON.stringify(of)}</code>;
}
