/**
 * What all status tables have in common. A table lists each status with the statuses that may
 * follow and what brings them about; finality, allowed actions and drawings derive from it.
 */
export type StatusTable<Status extends string, Cause extends string> = Readonly<
  Record<Status, { readonly next: Partial<Readonly<Record<Status, Cause>>> }>
>;

export interface Transition {
  readonly from: string;
  readonly to: string;
  readonly cause: string;
}

type AnyTable = Readonly<Record<string, { readonly next: Readonly<Record<string, string>> }>>;

/** In the order of the table. */
export function transitionsOf(table: AnyTable): Transition[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row.next).map(([to, cause]) => ({ from, to, cause })),
  );
}

/** Whether something may move from this status by this cause. */
export function mayHappen(table: AnyTable, status: string, cause: string): boolean {
  return Object.values(table[status]?.next ?? {}).includes(cause);
}

/** A state diagram in Mermaid's grammar; `first` are the statuses in which things begin. */
export function drawStatuses(table: AnyTable, first: readonly string[]): string {
  const word = (status: string): string => status.replaceAll('-', '_');
  const statuses = Object.keys(table);
  const named = statuses.filter((s) => s !== word(s)).map((s) => `  state "${s}" as ${word(s)}`);
  const begin = first.map((status) => `  [*] --> ${word(status)}`);
  const moves = transitionsOf(table).map(
    ({ from, to, cause }) => `  ${word(from)} --> ${word(to)}: ${cause}`,
  );
  return ['stateDiagram-v2', ...named, ...begin, ...moves].join('\n');
}
