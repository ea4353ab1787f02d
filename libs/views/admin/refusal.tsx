/** What is said of a change that was refused: why, field by field, and the way back. */
import type { ProblemFault } from '#protocol/api/problem.js';
import { page } from '../layout.js';
import { problemTitle } from '../problem.js';

export interface RefusalModel {
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly ProblemFault[];
}

/** Of changes alone; of all else pages say the same. */
const titles: Readonly<Record<number, string>> = {
  401: 'Who are you?',
  403: 'Not allowed',
  409: 'Refused as things stand',
};

export function refusalPage({ status, detail, errors }: RefusalModel): string {
  const title = titles[status] ?? problemTitle(status);
  return page(
    { title: `${title} · administration`, sheets: ['admin'] },
    <>
      <h1>{title}</h1>
      <p class="fault">{detail}</p>
      {errors.length === 0 ? null : (
        <ul>
          {errors.map((fault) => (
            <li>
              <code>{fault.pointer ?? fault.parameter ?? ''}</code> {fault.detail}
            </li>
          ))}
        </ul>
      )}
      {status === 401 ? (
        <p>
          A browser shows no token by itself: come through the proxy that knows you. How that is set
          up stands in the farm’s documentation, under “administer”.
        </p>
      ) : null}
      <p>
        {status === 401 || status === 403
          ? 'Nothing was changed.'
          : 'Nothing is known to have changed.'}
      </p>
      <p>
        <a href="/admin">Administration</a> · <a href="/">Dashboard</a>
      </p>
    </>,
  );
}
