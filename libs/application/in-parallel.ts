/** Runs `work` on each item, so many at a time; answers in the order of the items. */
export async function inParallel<T, U>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<U>,
): Promise<U[]> {
  const answers: U[] = new Array<U>(items.length);
  const indexes = items.keys();
  const lane = async (): Promise<void> => {
    for (const index of indexes) answers[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return answers;
}
