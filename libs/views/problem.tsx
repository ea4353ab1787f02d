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

export function problemPage(model: ProblemModel): string {
  const title = titles[model.status] ?? (model.status < 500 ? 'Refused' : 'An error of the farm');
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
