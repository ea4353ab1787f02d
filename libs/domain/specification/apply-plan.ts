/**
 * What applying texts of specifications does: which are made, changed, let be, archived, and which
 * are not touched since another keeps them.
 */
import { mayWrite } from './keeping.js';
import type { Specification } from './specification.js';

export interface Difference {
  /** `priority`, `channels.guix.branch`. */
  readonly field: string;
  /** Undefined: there is none. */
  readonly before: unknown;
  readonly after: unknown;
}

interface Named {
  readonly name: string;
}

export type ApplyStep = Named &
  (
    | { readonly action: 'create'; readonly wanted: Specification }
    | {
        readonly action: 'change';
        readonly wanted: Specification;
        readonly differences: readonly Difference[];
        /** Who kept it until now, when that changes. */
        readonly from?: string | null;
      }
    | { readonly action: 'keep'; readonly wanted: Specification }
    | { readonly action: 'archive' }
    | { readonly action: 'refuse'; readonly keeper: string }
  );

export interface ApplyWish {
  readonly standing: readonly {
    readonly specification: Specification;
    readonly managedBy: string | null;
  }[];
  readonly wanted: readonly Specification[];
  /** Who will keep what is wanted. */
  readonly managedBy: string;
  /** What it kept and no longer names is archived. */
  readonly prune: boolean;
  /** What another keeps is taken over. */
  readonly adopt: boolean;
}

/** In the order of the names. Any `refuse` means that nothing is to be done. */
export function planApply(wish: ApplyWish): ApplyStep[] {
  const { standing, wanted, managedBy, prune } = wish;
  const before = new Map(standing.map((one) => [one.specification.name, one]));
  const names = new Set(wanted.map(({ name }) => name));
  const gone = standing.filter((one) => {
    return prune && one.managedBy === managedBy && !names.has(one.specification.name);
  });
  const steps = [
    ...wanted.map((one) => stepFor(one, before.get(one.name), wish)),
    ...gone.map(({ specification }): ApplyStep => {
      return { action: 'archive', name: specification.name };
    }),
  ];
  return steps.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stepFor(
  wanted: Specification,
  standing: ApplyWish['standing'][number] | undefined,
  { managedBy, adopt }: ApplyWish,
): ApplyStep {
  const { name } = wanted;
  if (!standing) return { action: 'create', name, wanted };
  if (!mayWrite(standing.managedBy, { managedBy, force: adopt })) {
    return { action: 'refuse', name, keeper: standing.managedBy ?? '' };
  }
  const differences = differencesOf(standing.specification, wanted);
  if (standing.managedBy !== managedBy) {
    return { action: 'change', name, wanted, differences, from: standing.managedBy };
  }
  if (differences.length === 0) return { action: 'keep', name, wanted };
  return { action: 'change', name, wanted, differences };
}

/** Field by field; the items of a list that have names are told apart by them. */
export function differencesOf(before: object, after: object): Difference[] {
  return differ('', before, after);
}

function differ(field: string, before: unknown, after: unknown): Difference[] {
  if (same(before, after)) return [];
  const parts = [partsOf(before), partsOf(after)] as const;
  if (!parts[0] || !parts[1]) return [{ field, before, after }];
  const keys = new Set([...parts[0].keys(), ...parts[1].keys()]);
  const inner = [...keys].flatMap((key) => {
    const path = field === '' ? key : `${field}.${key}`;
    return differ(path, parts[0]?.get(key), parts[1]?.get(key));
  });
  // The same items in another order.
  return inner.length > 0 ? inner : [{ field, before, after }];
}

/** Null: it is compared as a whole. */
function partsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((item: unknown): [string, unknown] => {
    const { name } = (item ?? {}) as { name?: unknown };
    return [typeof name === 'string' ? name : '', item];
  });
  const names = new Set(named.map(([name]) => name));
  return names.size === value.length && !names.has('') ? new Map(named) : null;
}

function same(before: unknown, after: unknown): boolean {
  return JSON.stringify(sorted(before)) === JSON.stringify(sorted(after));
}

/** The order of an object's fields says nothing, and a field that is undefined is none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key,
    sorted(inner),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
