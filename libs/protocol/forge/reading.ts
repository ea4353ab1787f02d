/** What reading any forge's words shares: they are checked, and what is not meant is left out. */
import { z } from 'zod';
import type { Result } from '#std/result.js';
import { err, ok } from '#std/result.js';
import type { ForgeEvent, RepositoryPlaces } from '#domain/forge/forge-event.js';

/** What forges call an event, by its header. */
export type EventReader = (event: string, body: unknown) => Result<ForgeEvent, string>;

export const Ref = z.string().min(1).max(1024);
export const Sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'a full git revision');
export const Address = z.string().min(1).max(2048);
export const Count = z.int().min(1).max(2_147_483_647);
export const Account = z.string().min(1).max(255);

/** ISO 8601, or GitLab's older `2026-11-20 12:00:00 UTC`; told as ISO 8601. */
export const When = z
  .string()
  .transform((text) => Date.parse(text.replace(/^(\S+) (\S+) UTC$/, '$1T$2Z')))
  .refine((milliseconds) => Number.isFinite(milliseconds), 'a time')
  .transform((milliseconds) => new Date(milliseconds).toISOString());

/** The error says where the body is not what the forge documents. */
export function readAs<T>(
  schema: z.ZodType<T>,
  body: unknown,
  then: (value: T) => ForgeEvent,
): Result<ForgeEvent, string> {
  const read = schema.safeParse(body);
  if (read.success) return ok(then(read.data));
  const [issue] = read.error.issues;
  return err(`${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'cannot be read'}`);
}

export function placesOf(name: string, addresses: readonly (string | null | undefined)[]) {
  const places: RepositoryPlaces = {
    name: name.toLowerCase(),
    addresses: [
      ...new Set(addresses.filter((one) => typeof one === 'string' && one !== '')),
    ] as string[],
  };
  return places;
}

export function other(event: string): ForgeEvent {
  return { kind: 'other', why: `nothing follows from "${event.slice(0, 100)}"` };
}

/** A request that the forge knows as closed is closed, whatever just happened to it. */
export function happened(isOpen: boolean, isOpening: boolean): 'opened' | 'changed' | 'closed' {
  if (!isOpen) return 'closed';
  return isOpening ? 'opened' : 'changed';
}
