/** How failures reach the builds that need what failed. */
export interface Propagation {
  readonly failed: number;
  /** Nothing is left to tell. */
  readonly done: boolean;
}

export interface FailureStore {
  /**
   * One transaction: at most `limit` dependents become failed-dependency, in the order of their
   * ids.
   */
  propagate(limit: number): Promise<Propagation>;
  /**
   * Finds failed inputs of scheduled builds that count as told and are not, and lets them be told
   * again. Answers how many; any is a bug elsewhere, to be logged loudly.
   */
  audit(): Promise<number>;
}
