/** Reads the query that a form of a page makes. */

/** An empty field is no filter. */
export function withoutEmpty(query: unknown): object {
  return Object.fromEntries(Object.entries(query as object).filter(([, value]) => value !== ''));
}
