/** A promise of the farm that a seed has broken: what the simulator looks for. */
export class Broken extends Error {
  override readonly name = 'Broken';

  /** `promise` is the short name of the invariant. */
  constructor(
    readonly promise: string,
    sentence: string,
  ) {
    super(`${promise}: ${sentence}`);
  }
}

export function holds(condition: unknown, promise: string, sentence: () => string): void {
  if (!condition) throw new Broken(promise, sentence());
}
