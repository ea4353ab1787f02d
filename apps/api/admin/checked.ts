/** Checks what a form asks for by the schema of the API: both take the same. */
import type { z } from 'zod';
import { ProblemException } from '#nest/problem.js';
import { faultsOf, type ProblemFault } from '#protocol/api/problem.js';
import type { FieldFault } from '#views/admin/fields.js';
import { fieldIn } from './admin-form.js';

/** Throws a refusal that names the fields. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new ProblemException({
    status: 422,
    kind: 'invalid-body',
    detail: 'The form cannot be used.',
    errors: plainFaults(read.error.issues),
  });
}

/** Of a field that is empty a form says so, not what a program would have sent instead. */
export function plainFaults(issues: Parameters<typeof faultsOf>[0]): ProblemFault[] {
  return faultsOf(issues).map((fault) => {
    const lacks = /received (undefined|NaN)$/.exec(fault.detail);
    if (lacks === null) return fault;
    return { ...fault, detail: lacks[1] === 'NaN' ? 'is to be a number' : 'is needed' };
  });
}

/** What was refused, field by field; null when it was not the form's fault. */
export function faultsIn(error: unknown): FieldFault[] | null {
  if (!(error instanceof ProblemException) || error.refusal.status >= 500) return null;
  const { errors = [], detail } = error.refusal;
  if (errors.length === 0) return [{ field: '', detail }];
  return errors.map((fault) => {
    // A list is one field of a form: what is wrong with an entry stands there.
    const field = (fault.pointer ?? '')
      .slice(1)
      .replace(/(?<=Keys)\/\d+$/, '')
      .replaceAll('/', '.');
    return { field, detail: fault.detail };
  });
}

/** The fields of a form that say something, by name. */
export function said(values: URLSearchParams, ...names: readonly string[]): Record<string, string> {
  const told = names.map((name): [string, string] => [name, fieldIn(values, name)]);
  return Object.fromEntries(told.filter(([, value]) => value !== ''));
}
