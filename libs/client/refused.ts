/** A farm that says no, in the words of RFC 9457. */

export interface RefusalFault {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
}

export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    /** The last part of the problem's type, stable for programs; `unknown` where there is none. */
    readonly kind: string,
    message: string,
    readonly errors: readonly RefusalFault[] = [],
  ) {
    super(message);
  }
}

/** Of an answer that is no success; reads its body. */
export async function refusalOf(response: Response): Promise<Refused> {
  const text = await response.text();
  const problem = parse(text);
  if (problem === null) {
    const said = text.slice(0, 200).trim();
    return new Refused(response.status, 'unknown', `${response.status} ${said}`.trim());
  }
  const { type, detail, errors = [] } = problem;
  const faults = errors.map((one) =>
    [one.pointer ?? one.parameter, one.detail].filter(Boolean).join(': '),
  );
  const kind = type.split(':').at(-1) ?? 'unknown';
  return new Refused(response.status, kind, [detail, ...faults].join(' '), errors);
}

interface ProblemText {
  readonly type: string;
  readonly detail: string;
  readonly errors?: readonly RefusalFault[];
}

function parse(text: string): ProblemText | null {
  try {
    const value = JSON.parse(text) as Partial<ProblemText> | null;
    const whole = typeof value?.type === 'string' && typeof value.detail === 'string';
    return whole ? (value as ProblemText) : null;
  } catch {
    return null;
  }
}
