/**
 * A Result is an expected outcome as a value: a refusal is returned, never thrown.
 * The error side is a union with a `kind`, so that a caller must look at each case.
 */
export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
