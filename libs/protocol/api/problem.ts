/** A refusal over HTTP: `application/problem+json` of RFC 9457. */
import { z } from 'zod';

export const ProblemFault = z.object({
  /** Where in the body: a JSON pointer (RFC 6901). */
  pointer: z.string().optional(),
  /** Or which query parameter. */
  parameter: z.string().optional(),
  detail: z.string(),
});
export type ProblemFault = z.infer<typeof ProblemFault>;

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(ProblemFault).optional(),
  /** Of a process that is not ready: what each check said. */
  checks: z.record(z.string(), z.string()).optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  upSeconds: z.number().optional(),
});
export type Problem = z.infer<typeof Problem>;

interface Issue {
  readonly code?: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly message: string;
  readonly keys?: readonly string[];
}

/**
 * The faults of a refused value, each with the JSON pointer of its field; unknown fields are named.
 */
export function faultsOf(issues: readonly Issue[]): ProblemFault[] {
  return issues.flatMap((issue) => {
    const pointer = jsonPointer(issue.path ?? []);
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
    return (issue.keys ?? []).map((key) => ({
      pointer: `${pointer}${jsonPointer([key])}`,
      detail: `unknown field ${key}`,
    }));
  });
}

/** Of the field that lies there, as RFC 6901 writes it. */
export function jsonPointer(path: NonNullable<Issue['path']>): string {
  return path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
