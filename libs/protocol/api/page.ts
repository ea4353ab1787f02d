/**
 * What all answers of the REST API share: ids are strings, times are ISO 8601, lists have cursors.
 */
import { z } from 'zod';

export const Id = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/, { error: 'an id', abort: true })
  .refine((text) => Number.isSafeInteger(Number(text)), 'an id');
export const Time = z.iso.datetime();

/** When something is expected to start and to end; null is not known. */
export const Estimate = z.object({ startsAt: Time.nullable(), endsAt: Time.nullable() });
export type Estimate = z.infer<typeof Estimate>;

const size = 'a number from 1 to 500';
/** How many items a page of a list has at most. */
export const Limit = z.coerce.number(size).int(size).min(1, size).max(500, size).default(50);

/** `cursor` is what `next` said; its meaning is the farm's own. */
export const PageQuery = z.object({
  cursor: Id.optional(),
  limit: Limit,
});
export type PageQuery = z.infer<typeof PageQuery>;

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor of the next page; null on the last. */
  readonly next: string | null;
}

/** Makes a page of rows that were asked for one beyond the limit. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => string,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
