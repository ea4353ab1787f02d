/**
 * What of a batch may be removed without breaking a promise: nothing that stays may refer to it.
 * The same rule keeps closures of store paths whole, and the inputs of derivations.
 */
export interface Removal {
  readonly id: number;
  /** Nothing but a referrer stands against it. */
  readonly mayGo: boolean;
  /** Everything that refers to it, but for itself. */
  readonly referrers: readonly number[];
}

/**
 * The largest part of the batch in which each one may go and is referred to by that part alone, or
 * by what `gone` says to have gone before. In the order of the batch.
 */
export function removable(
  batch: readonly Removal[],
  gone: (id: number) => boolean = () => false,
): number[] {
  const going = new Set(batch.filter((one) => one.mayGo).map((one) => one.id));
  const referredToBy = new Map<number, number[]>();
  const staying: number[] = [];
  for (const { id, mayGo, referrers } of batch) {
    if (!mayGo) staying.push(id);
    for (const referrer of referrers) {
      if (referrer === id || gone(referrer)) continue;
      const those = referredToBy.get(referrer);
      if (those) those.push(id);
      else referredToBy.set(referrer, [id]);
    }
  }
  for (const referrer of referredToBy.keys()) if (!going.has(referrer)) staying.push(referrer);
  for (let stays = staying.pop(); stays !== undefined; stays = staying.pop()) {
    for (const id of referredToBy.get(stays) ?? []) if (going.delete(id)) staying.push(id);
  }
  return batch.filter((one) => going.has(one.id)).map((one) => one.id);
}
