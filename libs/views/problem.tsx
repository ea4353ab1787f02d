/** What people see when an address leads nowhere or the farm cannot answer. */
import type { ProblemFault } from '#protocol/api/problem.js';
import { page } from './layout.js';

export interface ProblemModel {
  readonly status: number;
  readonly detail: string;
  /** What is wrong with which part of the address. */
  readonly errors?: readonly ProblemFault[];
}

const titles: Readonly<Record<number, string>> = {
  404: 'Not found',
  503: 'The farm cannot answer now',
};

export function problemTitle(status: number): string {
  return titles[status] ?? (status < 500 ? 'Refused' : 'An error of the farm');
}

export function problemPage(model: ProblemModel): string {
  const title = problemTitle(model.status);
  return page(
    { title },
    <>
      <h1>{title}</h1>
      <p>{model.detail}</p>
      {model.errors?.length ? (
        <ul>
          {model.errors.map(({ parameter, detail }) => (
            <li>
              {parameter ? (
                <>
                  <code>{parameter}</code>:{' '}
                </>
              ) : null}
              {detail}
            </li>
          ))}
        </ul>
      ) : null}
      <p>
        <a href="/">All specifications</a>
      </p>
    </>,
  );
}
