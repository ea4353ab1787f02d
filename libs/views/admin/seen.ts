/**
 * What a form was made of, carried by the form itself: whoever saves it after somebody else changed
 * the same thing is shown both, and nothing of either is lost unseen.
 */
import type { Difference } from '#domain/specification/apply-plan.js';

/** Names and values of the fields, as a form is filled with them. */
export type Entries = readonly (readonly [name: string, value: string])[];

export const seenField = 'seen';

/** The fields, and in one more of them what they are now. */
export function withSeen(entries: Entries): Entries {
  return [...entries, [seenField, seenOf(entries)]];
}

export function seenOf(entries: Entries): string {
  return JSON.stringify(Object.fromEntries(entries));
}

export interface Overtaken {
  /** From what was seen to what stands now. */
  readonly theirs: readonly Difference[];
  /** From what was seen to what the form says. */
  readonly yours: readonly Difference[];
}

/** Null: what stands is what the form was made of. One that does not tell has seen nothing. */
export function overtaken(values: URLSearchParams, standing: Entries): Overtaken | null {
  const seen = readSeen(values.get(seenField) ?? '');
  const now = new Map(standing);
  const fields = [...new Set([...now.keys(), ...seen.keys()])];
  const differences = (after: (field: string) => string): Difference[] =>
    fields
      .map((field) => ({ field, before: seen.get(field) ?? '', after: after(field) }))
      .filter((one) => one.before !== one.after);
  const theirs = differences((field) => now.get(field) ?? '');
  if (theirs.length === 0) return null;
  return { theirs, yours: differences((field) => values.get(field) ?? '') };
}

function readSeen(text: string): Map<string, string> {
  try {
    const told = JSON.parse(text) as Record<string, unknown> | null;
    const entries = Object.entries(told ?? {});
    return new Map(entries.map(([name, value]) => [name, String(value)]));
  } catch {
    return new Map();
  }
}
